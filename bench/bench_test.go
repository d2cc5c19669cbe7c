package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/isolate"
)

func TestMain(m *testing.M) {
	isolate.Enter()
	os.Exit(m.Run())
}

// TestReport: one cheap scenario from the measurement to the table and the JSON.
func TestReport(t *testing.T) {
	o := options{quick: true, only: "checkers"}
	l, err := newLab(o)
	require.NoError(t, err)
	defer l.close()
	require.NoError(t, measureCheckers(t.Context(), l))
	l.miss("checkers/other", errors.New("not in\nPATH"))

	r := l.report(o)
	require.NoError(t, r.documented())
	var table bytes.Buffer
	r.print(&table)
	assert.Contains(t, table.String(), "go run ./bench -quick -only checkers")
	assert.Regexp(t, `│ tokens +│ [0-9.]+ +│ [0-9.]+ +│ [0-9.]+ +│`, table.String())
	assert.Regexp(t, `│ other +│ not run +│ +│ +│ not in PATH`, table.String())
	assert.Regexp(t, `│ checker exact, of cmp's speed +│ >= 0.6667 │ [0-9.]+ +│ (met|missed)`, table.String())

	file := filepath.Join(t.TempDir(), "out.json")
	require.NoError(t, r.writeJSON(file))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var read struct {
		Machine machine
		Command string
		Figures map[string]float64
		Missing map[string]string
		Targets []struct {
			Figure   string
			Measured *float64
			State    state
		}
	}
	require.NoError(t, json.Unmarshal(text, &read))
	assert.NotEmpty(t, read.Machine.Kernel)
	assert.Greater(t, read.Figures["checkers/cmp/gb_per_s"], 0.0)
	assert.Equal(t, "not in PATH", read.Missing["checkers/other"])
	for _, target := range read.Targets {
		assert.NotNil(t, target.Measured, target.Figure)
		assert.NotEqual(t, notMeasured, target.State, target.Figure)
	}
}

func TestUndocumentedFigure(t *testing.T) {
	var f figures
	f.add("startup/judge-1/median_us", 1)
	require.NoError(t, f.report(options{}).documented())
	f.add("startup/judge-1/median", 1)
	assert.EqualError(t, f.report(options{}).documented(), "bug: README.md does not say what the figure startup/judge-1/median is")
}

// TestTargetsAreDocumentedFigures keeps a figure that is renamed from losing its target.
func TestTargetsAreDocumentedFigures(t *testing.T) {
	var f figures
	for _, target := range targets {
		f.add(target.key, 0)
	}
	assert.NoError(t, f.report(options{}).documented())
}

func TestResults(t *testing.T) {
	of := func(value float64) state {
		var f figures
		f.add("command/median_ms", value)
		list := results(&f, "command")
		require.Len(t, list, 1)
		return list[0].State
	}
	assert.Equal(t, met, of(40))
	assert.Equal(t, missed, of(40.1))
	for _, r := range results(&figures{}, "") {
		assert.Equal(t, notMeasured, r.State)
		assert.Nil(t, r.Measured)
	}
}

func TestCycles(t *testing.T) {
	zero := time.Unix(0, 0)
	run := func(start, end int) span {
		return span{zero.Add(time.Duration(start)), zero.Add(time.Duration(end))}
	}
	for _, test := range []struct {
		name string
		jobs int
		runs []span
		want []time.Duration
	}{
		{"none", 1, nil, nil},
		{"one after the other", 1, []span{run(0, 3), run(5, 8), run(11, 14)}, []time.Duration{5, 6}},
		{"recorded in another order", 1, []span{run(5, 8), run(0, 3)}, []time.Duration{5}},
		{"the slot that was free first", 2, []span{run(0, 20), run(1, 4), run(6, 9), run(22, 24)}, []time.Duration{5, 16}},
		{"fewer runs than slots", 8, []span{run(0, 3), run(1, 4)}, nil},
	} {
		assert.Equal(t, test.want, cycles(test.runs, test.jobs), test.name)
	}
}

func TestRatioIsFormedRoundByRound(t *testing.T) {
	of := func(rates ...float64) (s samples) {
		for _, r := range rates {
			s = append(s, round{rate: r})
		}
		return s
	}
	// The machine was ten times as slow in the second round.
	assert.InDelta(t, 0.5, of(50, 5, 50).ratio(of(100, 10, 101), rate), 0.001)
}

func TestQuantiles(t *testing.T) {
	assert.Equal(t, time.Duration(0), quantile([]time.Duration(nil), 0.5))
	assert.Equal(t, 3.0, quantile([]float64{5, 1, 3, 2, 4}, 0.5))
	assert.Equal(t, 5.0, quantile([]float64{5, 1, 3, 2, 4}, 1))
	assert.Equal(t, 2.5, median([]float64{4, 1, 2, 3}))
}

// TestInterleaveTakesTurns: and the first error, with the name of whose it is, ends it.
func TestInterleaveTakesTurns(t *testing.T) {
	var order string
	named := func(name string, err error) contender {
		return contender{name: name, round: func(context.Context, int) (round, error) {
			order += name
			return round{}, err
		}}
	}
	all, err := interleave(t.Context(), 3, 1, []contender{named("a", nil), named("b", nil)})
	require.NoError(t, err)
	assert.Equal(t, "ababab", order)
	assert.Len(t, all["b"], 3)
	_, err = interleave(t.Context(), 3, 1, []contender{named("c", errors.New("no"))})
	assert.EqualError(t, err, "c: no")
}

func TestFloorReportsPrograms(t *testing.T) {
	l, err := newLab(options{})
	require.NoError(t, err)
	defer l.close()
	tiny, err := l.program("tiny")
	require.NoError(t, err)
	r, err := l.floor(t.Context(), 6, spawning{jobs: 2}, tiny)
	require.NoError(t, err)
	assert.Len(t, r.took, 3)
	assert.Greater(t, r.rate, 0.0)
	for _, command := range []string{"/bin/false", "/no such program"} {
		_, err = l.floor(t.Context(), 2, spawning{jobs: 1}, command)
		assert.Error(t, err, command)
	}
}

// TestGoJudge speaks to a server that answers as go-judge's documentation says.
func TestGoJudge(t *testing.T) {
	var calls []string
	status := "Accepted"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.Method+" "+r.URL.Path)
		switch r.Method + " " + r.URL.Path {
		case "POST /file":
			_, _, err := r.FormFile("file")
			assert.NoError(t, err)
			io.WriteString(w, `"ID7"`)
		case "POST /run":
			body, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			assert.Contains(t, string(body), `"copyIn":{"tiny":{"fileId":"ID7"}}`)
			io.WriteString(w, `[{"status":"`+status+`","exitStatus":0,"time":1,"memory":2}]`)
		case "DELETE /file/ID7":
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	l, err := newLab(options{server: server.URL + "/"})
	require.NoError(t, err)
	defer l.close()
	g, err := newGoJudge(t.Context(), l)
	require.NoError(t, err)
	require.NoError(t, g.run(t.Context()))
	require.NoError(t, g.close(t.Context()))
	assert.Equal(t, []string{"POST /file", "POST /run", "POST /run", "DELETE /file/ID7"}, calls)
	status = "Internal Error"
	_, err = newGoJudge(t.Context(), l)
	assert.ErrorContains(t, err, "Internal Error")
}
