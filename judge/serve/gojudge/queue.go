package gojudge

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"judge/judge"
	"judge/judge/queue"
	"judge/judge/serve/door"
)

// QueueJobs has commands executed by the workers of a queue.
type QueueJobs struct{ Queue door.Queue }

// maxResults bounds the JSON of a request's results: a byte that is no text takes up to six.
const maxResults = 6*MaxReply + 16<<20

// Execute submits a command and waits for its results.
func (q QueueJobs) Execute(ctx context.Context, command json.RawMessage) (json.RawMessage, error) {
	results, err := q.Open(ctx, command)
	if err != nil {
		return nil, err
	}
	defer results.Close()
	data, err := io.ReadAll(io.LimitReader(results, maxResults+1))
	if err == nil && len(data) > maxResults {
		err = fmt.Errorf("results of a command: more than %d bytes", maxResults)
	}
	return data, err
}

// Open is Execute for results that are sent on as they are read: a slow client of many may have none of them in our
// memory. The caller closes them.
func (q QueueJobs) Open(ctx context.Context, command json.RawMessage) (io.ReadCloser, error) {
	var c Command
	if err := json.Unmarshal(command, &c); err != nil {
		return nil, err
	}
	job := queue.Job{Kind: queue.KindCommand, Priority: queue.Normal, Owner: c.Owner, Command: command}
	records, err := door.Open(ctx, q.Queue, job)
	if err != nil {
		return nil, err
	}
	results := bufio.NewReader(records)
	if first, _ := results.Peek(1); !bytes.Equal(first, []byte("[")) { // a record that says why no worker could
		defer records.Close()
		text, err := io.ReadAll(io.LimitReader(results, 1000))
		return nil, errors.Join(fmt.Errorf("%w: %s", door.ErrGivenUp, text), err)
	}
	return struct {
		io.Reader
		io.Closer
	}{results, records}, nil
}

// Do does a worker's jobs of this door; it is what worker.Config.Commands wants. The runner is one of Files alone:
// the pool says where programs run. A job that has no command in it is nothing that another worker could do
// better: its result says so.
func (r *Runner) Do(ctx context.Context, pool *judge.Pool, job queue.Job, to io.Writer) error {
	r.once.Do(func() { r.Host, r.Acquire = pool.Host(), pool.Acquire })
	c, err := parseCommand(job.Command)
	if err == nil && c.Owner != job.Owner {
		err = fmt.Errorf("command: of owner %q in a job of %q", c.Owner, job.Owner)
	}
	results := []Result{{Status: StatusInternalError}}
	if err != nil {
		results[0].Error = err.Error()
	} else if results, err = r.Run(ctx, c); err != nil {
		return err
	}
	return writeResults(to, results)
}
