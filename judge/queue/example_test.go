package queue_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"judge/judge"
	"judge/judge/queue"
)

// A backend that has the queue within itself, and something that takes the place of a worker.
func Example() {
	store, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(store)
	server, err := queue.StartServer(queue.ServerOptions{Store: store})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	ctx := context.Background()
	q, err := queue.Open(ctx, queue.Options{Server: server})
	if err != nil {
		log.Fatal(err)
	}
	defer q.Close()
	go work(ctx, q)

	if err := follow(ctx, q, task(ctx, q)); err != nil {
		log.Fatal(err)
	}
	// Output:
	// a worker has it
	// a record came
	// done accepted
}

// follow submits a program and prints what becomes of it.
func follow(ctx context.Context, q *queue.Queue, task string) error {
	job, err := q.Submit(ctx, queue.Job{
		Task: task, Priority: queue.Contest, Needs: []string{"python"},
		Name: "hello.py", Sources: []queue.Source{{Path: "hello.py", Text: "print('hello')"}},
	})
	if err != nil {
		return err
	}
	for event, err := range q.Watch(ctx, job.ID, 0) {
		switch {
		case err != nil:
			return err
		case event.Attempt != nil:
			fmt.Println("a worker has it")
		case event.Record != nil:
			fmt.Println("a record came")
		case event.Result != nil:
			fmt.Println(event.Result.State, event.Result.Verdict)
		}
	}
	return nil
}

// task stores a task of one file and returns its id.
func task(ctx context.Context, q *queue.Queue) string {
	file, err := q.PutFile(ctx, strings.NewReader("[[task]]\nname = 'hello'\n"), 1<<20)
	if err != nil {
		log.Fatal(err)
	}
	manifest := queue.Manifest{Files: map[string]string{queue.TaskFile: file.SHA256}}
	encoded, err := manifest.Encode()
	if err != nil {
		log.Fatal(err)
	}
	if file, err = q.PutFile(ctx, strings.NewReader(string(encoded)), queue.MaxManifest); err != nil {
		log.Fatal(err)
	}
	return file.SHA256
}

// work says of one job that it is accepted.
func work(ctx context.Context, q *queue.Queue) {
	d, err := q.Take(ctx, func(language string) bool { return language == "python" })
	if err != nil {
		return
	}
	defer d.Close()
	record := &judge.Record{Schema: judge.Schema, Kind: judge.KindSubmission, Submission: d.Job().Name, Verdict: judge.Accepted}
	_ = d.Record(record)
	line, err := judge.AppendRecord(nil, record)
	if err == nil {
		_ = d.Finish(ctx, queue.Result{Verdict: record.Verdict, Submission: record}, strings.NewReader(string(line)))
	}
}
