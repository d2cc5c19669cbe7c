package judge

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTimersOfAProcess(t *testing.T) {
	timerfd := func(left string) string {
		return "pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t8\nclockid: 1\nticks: 0\nsettime flags: 00\nit_value: " + left + "\nit_interval: (1, 0)\n"
	}
	timer := func(signal string) string {
		return "ID: 0\nsignal: " + signal + "/00007ff3077b1200\nnotify: signal/pid.27280\nClockID: 1\n"
	}
	status := func(caught string) string {
		return "Name:\tx\nSigIgn:\t0000000000002000\nSigCgt:\t" + caught + "\nCapInh:\t0\n"
	}
	for _, c := range []struct {
		name string
		got  bool
		want bool
	}{
		{"timerfd that will ring", isArmed(timerfd("(0, 499999999)")), true},
		{"timerfd that is not set", isArmed(timerfd("(0, 0)")), false},
		{"timerfd of which nothing is said", isArmed(""), true},
		{"no timer", hasTimer(""), false},
		{"timer with SIGUSR1", hasTimer(timer("10")), true},
		{"timer of Ruby's", hasTimer(timer("26")), false},
		{"timer of Ruby's and another", hasTimer(timer("26") + timer("32")), true},
		{"catches nothing", catchesAlarm(status("0000000000000000")), false},
		{"catches SIGALRM", catchesAlarm(status("0000000000002000")), true},
		{"catches SIGALRM and SIGINT, in Python", catchesAlarm(status("0000000000002002")), true},
		{"catches what Node does", catchesAlarm(status("0000000100004602")), false},
		{"catches what Ruby does", catchesAlarm(status("0000000042017e4f")), false},
		{"catches what Go does", catchesAlarm(status("fffffffd7fc1feff")), false},
		{"status of one that is gone", catchesAlarm(""), false},
	} {
		assert.Equal(t, c.want, c.got, c.name)
	}
}
