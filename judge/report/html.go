package report

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"sync"

	"judge/judge"
	"judge/judge/report/theme"
)

// HTML writes a report for people: one file that refers to nothing outside of itself, for a browser.
//
// The overview and the matrix of submissions and test cases are plain HTML. What is known of a single run
// is JSON that a script shows when it is asked for, so that thousands of runs cost a reader nothing.
// No text of a program reaches the file but escaped, in JSON or in HTML, and a browser is told to run only
// our own script (Content-Security-Policy).
//
// In memory stays a line for each run, some hundred bytes. Texts wait in a file without a name until
// Close writes the report. There is a bound on all texts together; the report says when it was reached.
type HTML struct {
	name   string
	file   *os.File
	spool  *htmlSpool
	batch  htmlBatch
	err    error
	closed bool
}

// CreateHTML returns an HTML that writes to the file of that name when it is closed, and empties it now:
// a name that cannot be written is found before anything is judged.
func CreateHTML(name string) (*HTML, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	spool, err := newHTMLSpool()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &HTML{name: name, file: file, spool: spool}, nil
}

// Write takes a record; those of a submission come one after the other, and end with its own.
func (h *HTML) Write(r *judge.Record) error {
	if h.err != nil {
		return h.err
	}
	switch r.Kind {
	case judge.KindCompile, judge.KindRun:
		h.batch.addRun(r)
		detail, given := newHTMLDetail(r, h.spool.allowance(r))
		detail.Judge = h.batch.judge(r.Judge)
		h.err = h.spool.add(htmlTest{r.Task, r.Test}, detail, given)
	case judge.KindSubmission:
		h.batch.addSubmission(r)
	case judge.KindSummary:
		h.batch.passAt = r.PassAt
	}
	return h.err
}

// Close writes the report and closes the file.
func (h *HTML) Close() error {
	if h.closed {
		return nil
	}
	h.closed = true
	err := h.err
	if err == nil {
		err = h.write()
	}
	err = errors.Join(err, h.spool.close(), h.file.Close())
	if h.err == nil {
		h.err = os.ErrClosed
	}
	if err != nil {
		return fmt.Errorf("write report %s: %w", h.name, err)
	}
	return nil
}

// write puts the page around what was spooled.
func (h *HTML) write() error {
	h.batch.finish()
	if err := h.spool.flush(); err != nil {
		return err
	}
	out := bufio.NewWriterSize(h.file, 64<<10)
	page := h.batch.page(h.spool)
	if err := htmlTemplates().ExecuteTemplate(out, "begin", page); err != nil {
		return err
	}
	if err := h.data(out); err != nil {
		return err
	}
	if err := htmlTemplates().ExecuteTemplate(out, "end", page); err != nil {
		return err
	}
	return out.Flush()
}

// data writes what the script reads: the index of all runs, and their details in pieces.
func (h *HTML) data(out io.Writer) error {
	index, err := json.Marshal(h.batch.index(h.spool.starts)) // escapes < > & and U+2028
	if err != nil {
		return fmt.Errorf("bug: encode index: %w", err)
	}
	if _, err := fmt.Fprintf(out, "<script type=\"application/json\" id=\"index\">%s</script>\n", index); err != nil {
		return err
	}
	return h.spool.copyTo(out)
}

//go:embed html/report.css
var htmlRules string

var htmlStyle = theme.Sheet(htmlRules)

//go:embed html/report.js
var htmlScript string

//go:embed html/run.js
var htmlRunScript string

//go:embed html/page.tmpl
var htmlPageText string

//go:embed html/task.tmpl
var htmlTaskText string

//go:embed html/plot.tmpl
var htmlPlotText string

// htmlTemplates parses them when the first report is written.
var htmlTemplates = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Parse(htmlPageText + htmlTaskText + htmlPlotText))
})
