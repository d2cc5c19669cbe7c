package serve

import (
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"judge/judge/queue"
)

// putFile stores a file.
func (s *Service) putFile(w http.ResponseWriter, r *http.Request) error {
	c := clientOf(r.Context())
	upload := &upload{from: r.Body, use: &c.use.uploads, most: max(uploadShare, c.Limits.Bytes)}
	defer upload.end()
	file, err := s.queue.PutFile(r.Context(), upload, c.Limits.Bytes)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/files/"+file.SHA256)
	return writeJSON(w, http.StatusCreated, file)
}

// uploadShare is how many bytes a client's uploads may have together that are under way: they are on the disk until their hash
// is known, where what bounds the queue's files does not count. A single one may have what its token says.
const uploadShare = 8 << 30

// upload reads a body, and counts what was read as its client's until its end.
type upload struct {
	from io.Reader
	use  *atomic.Int64
	most int64 // that use may become
	read int64
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	u.read += int64(n)
	if u.use.Add(int64(n)) > u.most && (err == nil || err == io.EOF) {
		err = unavailable.later(time.Second, "your other uploads are too large at this time")
	}
	return n, err
}

func (u *upload) end() { u.use.Add(-u.read) }

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

// sweepEvery is how often files are removed for which nobody has asked for long.
const sweepEvery = time.Hour

// sweep removes old files until the service is closed. All services of a queue do, and do no harm to each other.
func (s *Service) sweep() {
	again := time.NewTicker(sweepEvery)
	defer again.Stop()
	for {
		swept, err := s.queue.SweepFiles(s.closing)
		switch {
		case s.closing.Err() != nil:
			return
		case err != nil:
			s.log.Warn("remove old files", "error", err)
		case swept > 0:
			s.log.Info("old files are removed", "files", swept)
		}
		select {
		case <-again.C:
		case <-s.closing.Done():
			return
		}
	}
}
