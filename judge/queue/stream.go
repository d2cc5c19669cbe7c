package queue

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Names of the streams. What each is for is in doc.go.
const (
	streamJobs     = "JUDGE_JOBS"
	streamWork     = "JUDGE_WORK"
	streamProgress = "JUDGE_PROGRESS"
	streamResults  = "JUDGE_RESULTS"
	streamDead     = "JUDGE_DEAD"

	bucketFiles   = "judge_files"
	bucketRecords = "judge_records"
	bucketWorkers = "judge_workers"
)

const (
	defaultKeep   = 7 * 24 * time.Hour
	progressAge   = 24 * time.Hour
	progressBytes = 1 << 30 // of all jobs together; the oldest go first
	maxConsumers  = 4096    // of the work stream: a bound of priorities × sets of languages
)

// streams are all that the queue keeps in JetStream, as they are made.
//
// No stream allows direct reads, which any replica answers: a read goes to the leader, and sees what
// was stored before it. Else a job that was submitted a moment ago might not be known.
func (o Options) streams() []jetstream.StreamConfig {
	keep := o.Keep
	if keep == 0 {
		keep = defaultKeep
	}
	files := o.FileBytes
	if files == 0 {
		files = -1
	}
	list := []jetstream.StreamConfig{
		{Name: streamJobs, Subjects: []string{jobSubject("*")}, MaxAge: keep},
		{Name: streamWork, Subjects: []string{workSubject("*", "*", "*")}, Retention: jetstream.WorkQueuePolicy, MaxConsumers: maxConsumers},
		{Name: streamProgress, Subjects: []string{progressSubject("*", "*")}, MaxAge: progressAge, MaxBytes: o.reserved(progressBytes), Discard: jetstream.DiscardOld},
		{Name: streamResults, Subjects: []string{resultSubject("*")}, MaxAge: keep},
		{Name: streamDead, Subjects: []string{deadSubject("*")}, MaxAge: keep},
		o.filesStream(files),
		objects(bucketRecords, keep, -1),
		{
			Name: "KV_" + bucketWorkers, Subjects: []string{"$KV." + bucketWorkers + ".>"}, MaxAge: AdvertAge,
			MaxMsgsPerSubject: 1, MaxMsgSize: -1, AllowRollup: true, DenyDelete: true, Discard: jetstream.DiscardNew, Duplicates: AdvertAge,
		},
	}
	for i := range list {
		list[i].Storage = jetstream.FileStorage
		if list[i].MaxBytes == 0 {
			list[i].MaxBytes = -1
		}
	}
	return list
}

// reserved is how many bytes a stream may have that need not have more than so many. Servers set that aside when the stream is made:
// on a small disk an embedded one has less than that.
func (o Options) reserved(bytes int64) int64 {
	if o.Server == nil {
		return bytes
	}
	return min(bytes, o.Server.room()/4)
}

// filesStream is the stream of the files. What removes the old ones is SweepFiles.
func (o Options) filesStream(bytes int64) jetstream.StreamConfig {
	c := objects(bucketFiles, 0, bytes)
	c.Metadata = o.withAgeChoice(withFileAge(nil, o.defaultAge(), time.Now()))
	return c
}

// objects is the stream of an object store, as the client library would make it but for direct reads.
func objects(bucket string, age time.Duration, bytes int64) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:     "OBJ_" + bucket,
		Subjects: []string{"$O." + bucket + ".C.>", "$O." + bucket + ".M.>"},
		MaxAge:   age, MaxBytes: bytes, Discard: jetstream.DiscardNew, AllowRollup: true,
	}
}

// makeStreams makes the streams that are missing, and gives to the others what the options ask for.
func (q *Queue) makeStreams(ctx context.Context) error {
	settled := time.Now().Add(settling)
	for _, want := range q.options.streams() {
		if jobs := q.streams[streamJobs]; jobs != nil {
			if err := checkFileAge(q.options.FileAge, jobs.CachedInfo().Config.MaxAge); err != nil {
				return err
			}
		}
		s, err := q.openStream(ctx, want, settled)
		if err != nil {
			return err
		}
		q.streams[want.Name] = s
	}
	return nil
}

func (q *Queue) openStream(ctx context.Context, want jetstream.StreamConfig, settled time.Time) (s jetstream.Stream, err error) {
	err = q.retry(ctx, "open stream "+want.Name, func(ctx context.Context) error {
		s, err = q.makeStream(ctx, want, settled)
		return err
	})
	return s, err
}

// settling is how long we wait for servers that start together with us, before a stream gets one replica only.
const settling = 10 * time.Second

func (q *Queue) makeStream(ctx context.Context, want jetstream.StreamConfig, settled time.Time) (jetstream.Stream, error) {
	s, err := q.js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return q.newStream(ctx, want, settled)
	}
	if err != nil {
		return nil, err
	}
	have := s.CachedInfo().Config
	next := q.options.changed(have, want)
	if next.Replicas == have.Replicas && next.MaxAge == have.MaxAge && next.MaxBytes == have.MaxBytes && maps.Equal(next.Metadata, have.Metadata) {
		return s, nil
	}
	return q.js.UpdateStream(ctx, next)
}

// changed is the configuration of a stream that is there, with what the options say explicitly.
func (o Options) changed(have, want jetstream.StreamConfig) jetstream.StreamConfig {
	switch have.Name {
	case streamJobs, streamResults, streamDead, "OBJ_" + bucketRecords:
		if o.Keep != 0 {
			have.MaxAge = want.MaxAge
		}
	case "OBJ_" + bucketFiles:
		if o.FileBytes != 0 {
			have.MaxBytes = want.MaxBytes
		}
		have.Metadata = withFileAge(have.Metadata, o.changedAge(have.Metadata), time.Now())
		if o.FileAge != 0 {
			have.Metadata = o.withAgeChoice(have.Metadata)
		}
	}
	if o.Replicas != 0 {
		have.Replicas = o.Replicas
	}
	return have
}

// newStream makes a stream, with three replicas where the servers can.
func (q *Queue) newStream(ctx context.Context, want jetstream.StreamConfig, settled time.Time) (jetstream.Stream, error) {
	want.Replicas = q.options.Replicas
	chosen := want.Replicas != 0
	if !chosen {
		want.Replicas = 1
		if q.nc.ConnectedClusterName() != "" {
			want.Replicas = 3
		}
	}
	s, err := q.js.CreateStream(ctx, want)
	if !chosen && isCode(err, codeNoPeers) && time.Now().After(settled) {
		q.log.Warn("stream has one replica only: too few servers", "stream", want.Name, "cause", err)
		want.Replicas = 1
		s, err = q.js.CreateStream(ctx, want)
	}
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // somebody else made it just now
		return q.js.Stream(ctx, want.Name)
	}
	return s, err
}

func isCode(err error, code jetstream.ErrorCode) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == code
}

// bind gets the bucket of the adverts, which lies above a stream.
func (q *Queue) bind(ctx context.Context) (err error) {
	return q.retry(ctx, "open bucket "+bucketWorkers, func(ctx context.Context) (err error) {
		q.adverts, err = q.js.KeyValue(ctx, bucketWorkers)
		return err
	})
}
