package serve

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"

	"judge/judge"
	"judge/judge/queue"
	"judge/judge/report"
)

// openRecords opens the records of a submission that has ended. The caller closes them.
func (s *Service) openRecords(r *http.Request) (io.ReadCloser, queue.Status, error) {
	status, err := s.status(r)
	if err != nil {
		return nil, status, err
	}
	if !status.State.Final() {
		return nil, status, conflict.problem("it is %s: its records are complete when it has ended; %s/events has them as they come", status.State, "/v1/submissions/"+clientOf(r.Context()).shownID(status.Job))
	}
	records, err := s.queue.OpenRecords(r.Context(), status.Job.ID)
	if errors.Is(err, queue.ErrUnknown) {
		return nil, status, notFound.problem("there are no records of it")
	}
	return records, status, err
}

// getRecords answers with all records, as `judge run --out` writes them.
func (s *Service) getRecords(w http.ResponseWriter, r *http.Request) error {
	records, status, err := s.openRecords(r)
	if err != nil {
		return err
	}
	defer records.Close()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Content-Disposition", `attachment; filename="`+clientOf(r.Context()).shownID(status.Job)+`.jsonl"`) // an id has no quotes
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(w, records)
	return err
}

// How many reports are made at one time, and of these of one client.
const (
	reportsAtOnce = 3
	reportsOfOne  = 2
)

// getReport answers with the HTML report of `judge run --html`.
func (s *Service) getReport(w http.ResponseWriter, r *http.Request) error {
	records, status, err := s.openRecords(r)
	if err != nil {
		return err
	}
	defer records.Close()
	if status.Job.Kind == queue.KindCommand {
		return notFound.problem("there are no reports of commands")
	}
	file, err := s.makeReport(r.Context(), records)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	h.Set("Cache-Control", "private, no-cache")
	// The page has its own policy for what it runs. To the browser it is a page of nobody, which can ask this
	// service for nothing, whatever the programs have printed that it shows.
	h.Set("Content-Security-Policy", "sandbox allow-scripts allow-popups; frame-ancestors 'self'")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(w, file)
	return err
}

// makeReport makes a report of records in a file without a name. The caller closes it.
func (s *Service) makeReport(ctx context.Context, records io.Reader) (*os.File, error) {
	leave, err := takeTurn(ctx, clientOf(ctx).use.reports, s.reports)
	if err != nil {
		return nil, err
	}
	defer leave()
	named, err := os.CreateTemp(s.temp, "judge-report-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(named.Name())
	page, err := report.CreateHTML(named.Name())
	if err != nil {
		return nil, errors.Join(err, named.Close())
	}
	if err := errors.Join(writeRecords(page, records), page.Close()); err != nil {
		return nil, errors.Join(err, named.Close())
	}
	return named, nil
}

// writeRecords gives records to a sink. Nobody has said what is to be expected of a client's submission: the judge's
// own expectation, that it is accepted, is left out.
func writeRecords(to judge.Sink, records io.Reader) error {
	lines := json.NewDecoder(records)
	for {
		var record judge.Record
		switch err := lines.Decode(&record); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		record.Expected, record.ExpectedScore, record.AsExpected = nil, nil, nil
		if err := to.Write(&record); err != nil {
			return err
		}
	}
}
