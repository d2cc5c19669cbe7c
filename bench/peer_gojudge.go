package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
)

// goJudge is a client of a go-judge server that somebody has started (github.com/criyle/go-judge).
type goJudge struct {
	url     string
	file    string // the program's id on the server
	request []byte
}

// newGoJudge uploads the program and runs it once.
func newGoJudge(ctx context.Context, l *lab) (*goJudge, error) {
	if l.server == "" {
		return nil, errors.New("no -server given")
	}
	g := &goJudge{url: strings.TrimSuffix(l.server, "/")}
	tiny, err := l.program("tiny")
	if err != nil {
		return nil, err
	}
	if g.file, err = g.upload(ctx, tiny); err != nil {
		return nil, err
	}
	type object = map[string]any
	g.request, err = json.Marshal(object{"cmd": []object{{
		"args":     []string{"tiny"},
		"env":      []string{"PATH=/usr/bin:/bin"},
		"files":    []object{{"content": ""}, {"name": "stdout", "max": 10240}, {"name": "stderr", "max": 10240}},
		"cpuLimit": 1e9, "clockLimit": 3e9, "memoryLimit": 256 << 20, "procLimit": 64,
		"copyIn": object{"tiny": object{"fileId": g.file}},
	}}})
	if err != nil {
		return nil, err
	}
	if err := g.run(ctx); err != nil {
		return nil, errors.Join(err, g.close(ctx))
	}
	return g, nil
}

func (g *goJudge) upload(ctx context.Context, file string) (id string, err error) {
	program, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "tiny")
	if err != nil {
		return "", err
	}
	part.Write(program) // to memory
	form.Close()
	err = g.call(ctx, http.MethodPost, "/file", form.FormDataContentType(), &body, &id)
	return id, err
}

// run has the server run the program.
func (g *goJudge) run(ctx context.Context) error {
	var results []struct{ Status, Error string }
	if err := g.call(ctx, http.MethodPost, "/run", "application/json", bytes.NewReader(g.request), &results); err != nil {
		return err
	}
	if len(results) != 1 || results[0].Status != "Accepted" {
		return fmt.Errorf("go-judge says %+v", results)
	}
	return nil
}

// close removes what was uploaded.
func (g *goJudge) close(ctx context.Context) error {
	return g.call(ctx, http.MethodDelete, "/file/"+g.file, "", nil, nil)
}

func (g *goJudge) call(ctx context.Context, method, path, kind string, body io.Reader, answer any) error {
	return exchange(ctx, http.DefaultClient, method, g.url+path, kind, body, answer)
}

// exchange makes an HTTP request with a body of a media type, and decodes the answer, if it is wanted.
func exchange(ctx context.Context, client *http.Client, method, url, kind string, body io.Reader, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return err
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, url, response.Status, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
