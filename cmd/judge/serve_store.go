package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"judge/judge/queue"
)

// serveDir is the directory that a service keeps its queue in, which it makes; given is what the user wants.
func serveDir(given string) (string, error) {
	dir := given
	if dir == "" {
		state := os.Getenv("XDG_STATE_HOME")
		if !filepath.IsAbs(state) {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", fmt.Errorf("--store: want a directory for the queue: %w", err)
			}
			state = filepath.Join(home, ".local", "state")
		}
		dir = filepath.Join(state, "judge", "serve")
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", fmt.Errorf("--store: %w", err)
	}
	return dir, nil
}

// emptyDir makes a directory and removes what an earlier process has left in it.
func emptyDir(name string) (string, error) {
	if err := os.RemoveAll(name); err != nil {
		return "", err
	}
	return name, os.Mkdir(name, 0o700)
}

// startServer starts the embedded server. Workers of other machines need its URL, which has the token in it and
// is in a file that only the user can read.
func (f serveFlags) startServer(dir string, log *slog.Logger) (*queue.Server, error) {
	options := queue.ServerOptions{Store: filepath.Join(dir, "nats"), Listen: f.natsListen, Log: log}
	if f.natsListen != "" {
		var err error
		if options.Token, err = storedToken(filepath.Join(dir, "nats-token")); err != nil {
			return nil, err
		}
	}
	server, err := queue.StartServer(options)
	if err != nil {
		return nil, fmt.Errorf("start the queue's server in %s: %w", dir, err)
	}
	if f.natsListen != "" {
		name := filepath.Join(dir, "nats-url")
		if err := os.WriteFile(name, []byte(server.ClientURL()+"\n"), 0o600); err != nil {
			return nil, errors.Join(err, server.Close())
		}
		log.Info("workers may connect", "address", server.Address(), "url", "in "+name)
	}
	return server, nil
}

// storedToken is the token of a file, which is made when it is not there: workers keep theirs when the service
// is started again.
func storedToken(name string) (string, error) {
	text, err := os.ReadFile(name)
	if token := strings.TrimSpace(string(text)); err == nil && token != "" {
		return token, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	token := rand.Text()
	return token, os.WriteFile(name, []byte(token+"\n"), 0o600)
}

// parseAge reads the age of files; 0: none is given, negative: never.
func parseAge(text string) (time.Duration, error) {
	const day, leastDays, mostDays = 24 * time.Hour, 21, 36500 // thrice what jobs are kept
	switch text {
	case "":
		return 0, nil
	case "never":
		return -1, nil
	}
	days, err := strconv.Atoi(strings.TrimSuffix(text, "d"))
	if err != nil || !strings.HasSuffix(text, "d") || days < leastDays || days > mostDays {
		return 0, fmt.Errorf("want never, or days such as 90d, at least %dd", leastDays)
	}
	return time.Duration(days) * day, nil
}
