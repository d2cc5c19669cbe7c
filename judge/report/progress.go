package report

import (
	"io"
	"sync"
	"time"

	"judge/judge"
)

// How often a line of progress is drawn, and how long what is quick goes without.
const (
	progressDelay  = time.Second
	progressPeriod = 200 * time.Millisecond
)

// Progress draws a line at the foot of a terminal that says where a batch stands: not before a second has
// passed, and not after Stop. Everything else that goes to that terminal has to go through Above.
//
// The line is drawn over itself in a single write, so that it does not flicker, and no state of the
// terminal is changed: whoever ends judge leaves nothing to repair.
type Progress struct {
	terminal io.Writer
	style    ProgressStyle
	ask      func() judge.Progress
	begin    time.Time
	stop     chan struct{}
	ended    sync.WaitGroup
	stopped  sync.Once

	mu    sync.Mutex
	shown string // the line that is on the terminal; empty: none
}

// ProgressStyle says what the terminal can show.
type ProgressStyle struct {
	Unicode bool
	Width   func() int // columns, which may change
}

// StartProgress begins to draw on a terminal what ask tells. The caller stops it.
func StartProgress(terminal io.Writer, style ProgressStyle, ask func() judge.Progress) *Progress {
	p := &Progress{terminal: terminal, style: style, ask: ask, begin: time.Now(), stop: make(chan struct{})}
	p.ended.Go(p.work)
	return p
}

// Stop removes the line. It may be called more than once, and for nil.
func (p *Progress) Stop() {
	if p == nil {
		return
	}
	p.stopped.Do(func() { close(p.stop) })
	p.ended.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw("")
}

// Above returns a writer to w, which shows on the same terminal; whole lines are to be written. A nil
// Progress returns w.
func (p *Progress) Above(w io.Writer) io.Writer {
	if p == nil {
		return w
	}
	return above{p, w}
}

type above struct {
	*Progress
	writer io.Writer
}

func (a above) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	line := a.shown
	a.draw("")
	n, err := a.writer.Write(b)
	a.draw(line)
	return n, err
}

func (p *Progress) work() {
	select {
	case <-p.stop:
		return
	case <-time.After(progressDelay):
	}
	first, since := p.ask(), time.Now() // an earlier batch may have done the first runs
	period := time.NewTicker(progressPeriod)
	defer period.Stop()
	for {
		at := standing{Progress: p.ask(), first: first, elapsed: time.Since(p.begin), watched: time.Since(since)}
		line := at.line(p.style.Width()-1, p.style.Unicode) // a full line would wrap on some terminals
		p.mu.Lock()
		p.draw(line)
		p.mu.Unlock()
		select {
		case <-p.stop:
			return
		case <-period.C:
		}
	}
}

// draw replaces the line. A terminal that cannot be written to is not worth an error.
func (p *Progress) draw(line string) {
	if line == p.shown {
		return
	}
	p.shown = line
	if line != "" {
		line += "\x1b[K\r" // what others print, such as the ^C of a terminal, begins at the left
	} else {
		line = "\x1b[K"
	}
	io.WriteString(p.terminal, "\r"+line)
}
