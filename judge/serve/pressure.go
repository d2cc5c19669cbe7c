package serve

import (
	"os"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// pressureCollector tells how long something on this host had to wait for CPUs, memory or disks: pressure stall
// information (PSI), /proc/pressure of Linux 4.20. A host without has no such metrics.
type pressureCollector struct{}

var (
	pressureTotal = prometheus.NewDesc("judge_host_pressure_seconds_total",
		"Time in which some, or all, tasks of this host waited for a resource.", []string{"resource", "tasks"}, nil)
	pressureRatio = prometheus.NewDesc("judge_host_pressure_ratio",
		"Share of the last ten seconds in which some, or all, tasks of this host waited for a resource.", []string{"resource", "tasks"}, nil)
)

func (pressureCollector) Describe(to chan<- *prometheus.Desc) {
	to <- pressureTotal
	to <- pressureRatio
}

func (pressureCollector) Collect(to chan<- prometheus.Metric) {
	for _, resource := range []string{"cpu", "memory", "io"} {
		text, err := os.ReadFile("/proc/pressure/" + resource)
		if err != nil {
			continue
		}
		for _, p := range parsePressure(string(text)) {
			to <- prometheus.MustNewConstMetric(pressureTotal, prometheus.CounterValue, p.total, resource, p.tasks)
			to <- prometheus.MustNewConstMetric(pressureRatio, prometheus.GaugeValue, p.ratio, resource, p.tasks)
		}
	}
}

// pressure is a line of a file of /proc/pressure.
type pressure struct {
	tasks string  // "some" or "full"
	ratio float64 // of the last ten seconds, 0 to 1
	total float64 // seconds
}

// parsePressure reads lines such as `some avg10=1.50 avg60=0.40 avg300=0.10 total=123456`. What it does not
// understand it leaves out.
func parsePressure(text string) []pressure {
	var found []pressure
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "some" && words[0] != "full" {
			continue
		}
		p := pressure{tasks: words[0]}
		known := 0
		for _, word := range words[1:] {
			key, value, _ := strings.Cut(word, "=")
			number, err := strconv.ParseFloat(value, 64)
			switch {
			case err != nil:
			case key == "avg10":
				p.ratio = number / 100
				known++
			case key == "total":
				p.total = number / 1e6
				known++
			}
		}
		if known == 2 {
			found = append(found, p)
		}
	}
	return found
}
