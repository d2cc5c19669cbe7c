package queue

import (
	"math"

	"github.com/nats-io/nats.go/jetstream"
)

// Where nobody has chosen the age of files, old ones go only when room gets short, and no more of them than need be: a site that is
// used once a semester finds its tasks again.

// keyAgeDefault is there in the metadata of the files' stream when the age in it was nobody's choice.
const keyAgeDefault = "judge-file-age-default"

// withAgeChoice is metadata that says whether somebody has chosen the age, if the options or a new queue say so.
func (o Options) withAgeChoice(have map[string]string) map[string]string {
	next := clone(have)
	delete(next, keyAgeDefault)
	if o.FileAge == 0 {
		next[keyAgeDefault] = "true"
	}
	return next
}

// excess is how many bytes of old files have to go.
func (q *Queue) excess(info *jetstream.StreamInfo) int64 {
	if info.Config.Metadata[keyAgeDefault] == "" {
		return math.MaxInt64
	}
	store := int64(0)
	if s := q.options.Server; s != nil {
		store = s.room()
	}
	return excess(int64(info.State.Bytes), info.Config.MaxBytes, store)
}

// excess is how far files of used bytes are over what they may take before old ones go: three quarters of their bound or, without
// one, a tenth of what the server may store; 0 or less: not known, and nothing.
func excess(used, bound, store int64) int64 {
	room := max(0, store/10)
	if bound > 0 {
		room = bound / 4 * 3
	}
	return used - room
}
