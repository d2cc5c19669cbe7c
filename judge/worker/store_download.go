package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"judge/judge/queue"
)

// bring makes a file ready: one that is there is checked, and else it is fetched.
func (s *store) bring(ctx context.Context, f *file, most int64) error {
	if s.sizeOf(f) > 0 {
		if s.check(f) == nil {
			return nil
		}
		if err := s.root.Remove(placeOf(f.hash)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		s.forgetBytes(f)
	}
	content, err := s.fetch(ctx, f.hash)
	if err != nil {
		return err
	}
	defer content.Close()
	temp := path.Join(tempDir, f.hash)
	if err := s.download(temp, f, content, most); err != nil {
		s.forgetBytes(f)
		return errors.Join(err, ignoreMissing(s.root.Remove(temp)))
	}
	if err := s.root.MkdirAll(path.Dir(placeOf(f.hash)), 0o700); err != nil {
		return err
	}
	return s.root.Rename(temp, placeOf(f.hash))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// check compares a file with its hash.
func (s *store) check(f *file) error {
	content, err := s.root.Open(placeOf(f.hash))
	if err != nil {
		return err
	}
	defer content.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return err
	}
	return compare(f.hash, sum.Sum(nil))
}

func compare(hash string, sum []byte) error {
	if hex.EncodeToString(sum) != hash {
		return queue.ErrDamaged
	}
	return nil
}

// download writes content into a file as it comes, and makes room for it.
func (s *store) download(temp string, f *file, content io.Reader, most int64) error {
	to, err := s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o400)
	if err != nil {
		return err
	}
	defer to.Close()
	sum := sha256.New()
	buffer := make([]byte, 128<<10)
	for size := int64(0); ; {
		n, err := io.ReadFull(content, buffer)
		if size += int64(n); size > most {
			return fmt.Errorf("%w: more than %d bytes", queue.ErrTooLarge, most)
		}
		if err := s.reserve(f, int64(n)); err != nil {
			return err
		}
		sum.Write(buffer[:n])
		if _, err := to.Write(buffer[:n]); err != nil {
			return err
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return errors.Join(compare(f.hash, sum.Sum(nil)), to.Close())
		}
		if err != nil {
			return err
		}
	}
}

// temp makes a file without a name.
func (s *store) temp() (*os.File, error) {
	f, err := os.CreateTemp(s.path(tempDir), "records-")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name())
}
