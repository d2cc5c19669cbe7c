package gojudge

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// memoryFiles keeps files in memory, for tests.
type memoryFiles struct {
	mu    sync.Mutex
	room  int64 // bytes left; negative: any number
	files map[[2]string]memoryFile
}

type memoryFile struct {
	StoredFile
	content []byte
}

func newMemoryFiles() *memoryFiles { return &memoryFiles{room: -1, files: map[[2]string]memoryFile{}} }

func (m *memoryFiles) Put(_ context.Context, owner, name string, content io.Reader) (StoredFile, error) {
	data, err := io.ReadAll(content)
	if err != nil {
		return StoredFile{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.room >= 0 {
		if int64(len(data)) > m.room {
			return StoredFile{}, ErrNoRoom
		}
		m.room -= int64(len(data))
	}
	f := memoryFile{StoredFile{ID: newID(), Name: name, Bytes: int64(len(data))}, data}
	m.files[[2]string{owner, f.ID}] = f
	return f.StoredFile, nil
}

func (m *memoryFiles) Open(_ context.Context, owner, id string) (StoredFile, io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.files[[2]string{owner, id}]
	if !ok {
		return StoredFile{}, nil, ErrUnknownFile
	}
	return f.StoredFile, io.NopCloser(bytes.NewReader(f.content)), nil
}

func (m *memoryFiles) Delete(_ context.Context, owner, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.files[[2]string{owner, id}]; !ok {
		return ErrUnknownFile
	}
	delete(m.files, [2]string{owner, id})
	return nil
}

func (m *memoryFiles) List(_ context.Context, owner string) ([]StoredFile, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []StoredFile
	for key, f := range m.files {
		if key[0] == owner {
			list = append(list, f.StoredFile)
		}
	}
	return list, nil
}

func (m *memoryFiles) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.files)
}
