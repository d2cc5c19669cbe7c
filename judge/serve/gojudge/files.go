package gojudge

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"time"
)

// KeepFiles is how long a stored file is kept.
const KeepFiles = 24 * time.Hour

// Bounds of what is stored.
const (
	MaxOwnerBytes = 1 << 30 // of one token's files together
	MaxOwnerFiles = 4096    // of one token
)

// StoredFile is a file that a request may name by its id.
type StoredFile struct {
	ID    string
	Name  string // that it was given; not unique
	Bytes int64
}

// Files keeps stored files, each for the owner who stored it: nobody else's id is known. A file is gone after
// KeepFiles. Methods may be called concurrently.
type Files interface {
	// Put stores content of at most MaxFile bytes. ErrNoRoom says that the owner, or all together, have
	// stored too much.
	Put(ctx context.Context, owner, name string, content io.Reader) (StoredFile, error)
	// Open is for reading a file, which the caller closes. ErrUnknownFile says that the owner has none with this id.
	Open(ctx context.Context, owner, id string) (StoredFile, io.ReadCloser, error)
	// Delete removes a file; ErrUnknownFile as for Open.
	Delete(ctx context.Context, owner, id string) error
	// List returns the owner's files in no order.
	List(ctx context.Context, owner string) ([]StoredFile, error)
}

var (
	ErrUnknownFile = errors.New("no such file")
	ErrNoRoom      = errors.New("no room for more stored files")
)

// newID makes an id that nobody can guess.
func newID() string { return rand.Text() }

// validID tells whether a string could be an id: what rand.Text has, and no path.
func validID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range id {
		if !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return false
		}
	}
	return true
}
