package judge

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
	"sort"

	"judge/isolate"
	"judge/limits"
)

func TestPhases(t *testing.T) {
	host, err := limits.Open(limits.Options{})
	if err != nil { t.Fatal(err) }
	defer host.Close()
	f, _ := os.Open("/tmp/tiny")
	sc, err := isolate.NewScratch(1<<26, 1000)
	if err != nil { t.Fatal(err) }
	defer sc.Close()
	if err := sc.Create("/work/tiny", 0o555, f); err != nil { t.Fatal(err) }
	root := &isolate.Root{Layers: []isolate.Layer{{Scratch: sc}}}
	sb, err := isolate.New()
	if err != nil { t.Fatal(err) }
	defer sb.Close()
	ph := map[string][]time.Duration{}
	var last time.Time
	lap := func(n string) { now := time.Now(); ph[n] = append(ph[n], now.Sub(last)); last = now }
	for i := 0; i < 1000; i++ {
		last = time.Now()
		start := last
		g, err := host.NewGroup()
		lap("1 newgroup")
		if err != nil { t.Fatal(err) }
		err = sb.Prepare(root, func(pid int) error { lap("2 prepare"); err := g.Admit(pid); lap("3 admit"); return err })
		if err != nil { t.Fatal(err) }
		last = time.Now()
		start2 := last
		var w *limits.Watch
		ex, err := sb.Run(context.Background(), isolate.Program{Path: "/work/tiny", Root: root}, func(int) error {
			g.Limit(limits.Limits{Memory: 1 << 28, Processes: 64, CPU: time.Second})
			g.Start()
			w = g.Watch(func(limits.Alarm) {})
			lap("4 gate")
			return nil
		})
		if err != nil || ex.Status != 0 { t.Fatal(err, ex) }
		lap("5 run")
		w.Stop()
		ph["5w wall"] = append(ph["5w wall"], ex.Wall)
		g.Usage()
		lap("6 usage")
		if err := g.Close(); err != nil { t.Fatal(err) }
		lap("7 close")
		ph["total"] = append(ph["total"], time.Since(start))
		ph["total hot"] = append(ph["total hot"], time.Since(start2))
	}
	var names []string
	for n := range ph { names = append(names, n) }
	sort.Strings(names)
	for _, n := range names {
		d := ph[n]
		sort.Slice(d, func(i, j int) bool { return d[i] < d[j] })
		fmt.Printf("%-12s p50 %8v p95 %8v p99 %8v max %v\n", n, d[len(d)/2], d[len(d)*95/100], d[len(d)*99/100], d[len(d)-1])
	}
}
