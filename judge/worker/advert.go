package worker

import (
	"bufio"
	"context"
	"hash/crc32"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"judge/judge/queue"
)

// advertise tells the queue of the worker, again and again, until the context ends; then it withdraws that, and the
// channel is closed.
func (w *Worker) advertise(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(queue.AdvertAge / 3)
		defer ticker.Stop()
		for ctx.Err() == nil {
			if err := w.config.Queue.Advertise(ctx, w.advert()); err != nil && ctx.Err() == nil {
				w.log.Warn("advertise", "error", err)
			}
			select {
			case <-ticker.C:
			case <-w.changed:
			case <-ctx.Done():
			}
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer cancel()
		if err := w.config.Queue.Withdraw(last, w.config.Name); err != nil {
			w.log.Warn("withdraw the advert", "error", err)
		}
	}()
	return done
}

func (w *Worker) advert() queue.Advert {
	return queue.Advert{
		Name: w.config.Name, Languages: w.offered(), Cores: w.config.Pool.Jobs(), Jobs: w.config.Jobs,
		Mechanisms: w.config.Pool.Mechanisms(), Speed: speed(), Busy: int(w.busy.Load()),
		Version: w.config.Version, Since: w.since, Pressure: pressure(),
	}
}

// referenceTime is how long the loop of speed takes at speed 1: one core of a machine of 2024.
const referenceTime = 5 * time.Millisecond

// speed is how fast this host is, measured once: the best of a few short loops of what programs do, arithmetic and
// memory that a core's own cache does not hold. It compares hosts of one fleet, and is good for no more.
var speed = sync.OnceValue(func() float64 {
	best := time.Duration(1<<63 - 1)
	memory := make([]byte, 4<<20)
	for range 5 {
		begin := time.Now()
		x := uint32(2463534242)
		for i := range memory {
			x ^= x << 13
			x ^= x >> 17
			x ^= x << 5
			memory[x%uint32(len(memory))] += byte(i)
		}
		runtime.KeepAlive(crc32.ChecksumIEEE(memory))
		best = min(best, time.Since(begin))
	}
	return float64(referenceTime) / float64(best)
})

// pressure is the share of the last 10 seconds in which something waited for a CPU, from 0 to 1; 0 where the
// kernel does not tell (/proc/pressure).
func pressure() float64 {
	text, err := os.ReadFile("/proc/pressure/cpu")
	if err != nil {
		return 0
	}
	for word := range strings.FieldsSeq(string(text)) { // the first line is that of some
		if value, ok := strings.CutPrefix(word, "avg10="); ok {
			percent, _ := strconv.ParseFloat(value, 64)
			return percent / 100
		}
	}
	return 0
}

// hostMemory is how much memory this host has, in bytes; 0: nobody knows.
func hostMemory() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) >= 2 && words[0] == "MemTotal:" {
			kib, _ := strconv.ParseInt(words[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}
