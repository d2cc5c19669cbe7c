package serve

import (
	"context"
	"io"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"judge/judge/queue"
)

// putFile stores a file.
func (s *Service) putFile(w http.ResponseWriter, r *http.Request) error {
	c := clientOf(r.Context())
	ctx, giveUp := context.WithCancelCause(r.Context())
	defer giveUp(nil)
	upload := &upload{from: r.Body, of: &c.use.uploads, most: max(uploadShare, c.Limits.Bytes)}
	patience := time.AfterFunc(math.MaxInt64, func() { giveUp(errNotStored) })
	defer patience.Stop()
	upload.whole = func(bytes int64) { patience.Reset(storingTime(bytes)) }
	defer upload.end()
	file, err := s.queue.PutFile(ctx, upload, c.Limits.Bytes)
	if err != nil && context.Cause(ctx) == errNotStored {
		return errNotStored
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/files/"+file.SHA256)
	return writeJSON(w, http.StatusCreated, file)
}

// errNotStored is the answer for an upload that came and that the queue does not take.
var errNotStored = unavailable.later(5*time.Second, "the queue does not answer")

// storingTime is how long the queue may take to store so many bytes: to answer at all, and then as slow disks do.
func storingTime(bytes int64) time.Duration {
	const slow = 1 << 20 // bytes a second
	return promptTimeout + time.Duration(bytes/slow)*time.Second
}

// uploadShare is how many bytes a client's uploads may have together that are under way: they are on the disk until their hash
// is known, where what bounds the queue's files does not count. A single one may have what its token says.
const uploadShare = 8 << 30

// uploads are a client's that are under way. The zero value has none.
type uploads struct {
	mu    sync.Mutex
	bytes int64 // of all
}

// upload reads a body, and counts what was read as its client's until its end.
type upload struct {
	from  io.Reader
	whole func(bytes int64) // called at the end of the body; nil: it is not
	of    *uploads
	most  int64 // bytes that all may have
	read  int64 // under of.mu
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	if err == io.EOF && u.whole != nil {
		u.whole(u.read + int64(n))
		u.whole = nil
	}
	if !u.count(int64(n)) && (err == nil || err == io.EOF) {
		err = unavailable.later(time.Second, "your other uploads are too large at this time")
	}
	return n, err
}

// count counts what was read, unless it is too much: then it is this upload that ends, and what it has read counts no more
// at once, for the others go on.
func (u *upload) count(n int64) bool {
	u.of.mu.Lock()
	defer u.of.mu.Unlock()
	if u.of.bytes+n > u.most {
		u.of.bytes -= u.read
		u.read = 0
		return false
	}
	u.of.bytes += n
	u.read += n
	return true
}

func (u *upload) end() {
	u.of.mu.Lock()
	defer u.of.mu.Unlock()
	u.of.bytes -= u.read
	u.read = 0
}

// getFile answers with a stored file, and to HEAD with its size. Nothing that a browser could run: it may be anything.
func (s *Service) getFile(w http.ResponseWriter, r *http.Request) error {
	hash := r.PathValue("sha256")
	if queue.CheckHash(hash) != nil {
		return notFound.problem("want a SHA-256 of 64 lower-case hexadecimal digits")
	}
	file, err := s.queue.Stat(r.Context(), hash)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", "attachment")
	h.Set("Content-Length", strconv.FormatInt(file.Bytes, 10))
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("ETag", `"`+hash+`"`)
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return nil
	}
	content, err := s.queue.OpenFile(r.Context(), hash)
	if err != nil {
		return err
	}
	defer content.Close()
	_, err = io.Copy(w, content)
	return err
}
