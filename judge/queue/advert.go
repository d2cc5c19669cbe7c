package queue

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// AdvertAge is how long an advert is shown. A worker advertises again before, every third of it for example.
const AdvertAge = 30 * time.Second

// Advert is what a worker tells of itself.
type Advert struct {
	Name       string            `json:"name"`                 // of the worker, its own among all
	Languages  map[string]string `json:"languages"`            // name to the first line of the version
	Cores      int               `json:"cores"`                // that runs may use
	Jobs       int               `json:"jobs"`                 // how many runs at the same time
	Mechanisms map[string]string `json:"mechanisms,omitempty"` // as in records
	Speed      float64           `json:"speed,omitempty"`      // relative, of one core; 0: not measured
	Busy       int               `json:"busy"`                 // jobs that it has now
	Version    string            `json:"version,omitempty"`    // of judge
	Since      time.Time         `json:"since,omitzero"`       // when it started
	Seen       time.Time         `json:"seen,omitzero"`        // of this advert; set by Workers
	Pressure   float64           `json:"pressure,omitempty"`   // share of time in which something waited for a CPU, 0 to 1
}

// Advertise shows an advert for AdvertAge, instead of an earlier one of the same name.
func (q *Queue) Advertise(ctx context.Context, a Advert) error {
	key, err := advertKey(a.Name)
	if err != nil {
		return err
	}
	data, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("advert of %s: %w: %w", a.Name, ErrInvalid, err)
	}
	return q.retry(ctx, "advertise "+a.Name, func(ctx context.Context) error {
		_, err := q.adverts.Put(ctx, key, data)
		return err
	})
}

// Withdraw removes the advert of a worker that leaves.
func (q *Queue) Withdraw(ctx context.Context, name string) error {
	key, err := advertKey(name)
	if err != nil {
		return err
	}
	return q.retry(ctx, "withdraw "+name, func(ctx context.Context) error { return q.adverts.Purge(ctx, key) })
}

// advertKey makes a key, which is a subject, of a name, which may be anything.
func advertKey(name string) (string, error) {
	const maxWorker = 256
	if name == "" || len(name) > maxWorker {
		return "", fmt.Errorf("worker %.80q: %w: want a name of 1 to %d bytes", name, ErrInvalid, maxWorker)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(name)), nil
}

// Workers returns the adverts of the workers that were heard of lately, by name.
func (q *Queue) Workers(ctx context.Context) ([]Advert, error) {
	var list []Advert
	err := q.retry(ctx, "list workers", func(ctx context.Context) (err error) {
		list, err = q.readAdverts(ctx)
		return err
	})
	slices.SortFunc(list, func(a, b Advert) int { return cmp.Compare(a.Name, b.Name) })
	return list, err
}

func (q *Queue) readAdverts(ctx context.Context) ([]Advert, error) {
	w, err := q.adverts.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, err
	}
	defer w.Stop()
	var list []Advert
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case e, ok := <-w.Updates():
			if !ok {
				return nil, errors.New("the server ended the answer")
			}
			if e == nil { // all that there was
				return list, nil
			}
			var a Advert
			key, err := "", json.Unmarshal(e.Value(), &a)
			if err == nil {
				key, err = advertKey(a.Name)
			}
			if err == nil && key == e.Key() { // else nobody of ours wrote it
				a.Seen = e.Created()
				list = append(list, a)
			}
		}
	}
}
