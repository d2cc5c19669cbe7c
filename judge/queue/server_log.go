package queue

import (
	"fmt"
	"log/slog"
)

// serverLog gives to log what the server has to say that matters.
type serverLog struct {
	log     *slog.Logger
	fatal   chan<- error    // gets the first
	errored chan<- struct{} // is told that there was an error, unless it is full
}

func (l *serverLog) Warnf(format string, v ...any) { l.log.Warn("nats: " + fmt.Sprintf(format, v...)) }
func (l *serverLog) Errorf(format string, v ...any) {
	l.log.Error("nats: " + fmt.Sprintf(format, v...))
	select {
	case l.errored <- struct{}{}:
	default:
	}
}

func (l *serverLog) Fatalf(format string, v ...any) {
	select {
	case l.fatal <- fmt.Errorf(format, v...):
	default:
		l.Errorf(format, v...)
	}
}

func (*serverLog) Noticef(string, ...any) {}
func (*serverLog) Debugf(string, ...any)  {}
func (*serverLog) Tracef(string, ...any)  {}
