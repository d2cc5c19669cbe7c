//go:build !linux

package limits

import (
	"errors"
	"os"
	"time"
)

// Host is only there on Linux; on other systems Open returns errors.ErrUnsupported.
type Host struct{}

// Group is only there on Linux.
type Group struct{}

// Share is only there on Linux.
type Share struct{}

func Open(Options) (*Host, error)                        { return nil, errors.ErrUnsupported }
func (*Host) Mechanisms() map[string]string              { return nil }
func (*Host) Problems() []Problem                        { return nil }
func (*Host) Lack() Lack                                 { return Lack{CPU: true, Memory: true, Processes: true} }
func (*Host) NewGroup() (*Group, error)                  { return nil, errors.ErrUnsupported }
func (*Host) NewShare() (*Share, error)                  { return nil, nil }
func (*Host) Close() error                               { return nil }
func (*Share) Tasks() []*os.File                         { return nil }
func (*Share) Close() error                              { return nil }
func (*Group) Limit(Limits) error                        { return errors.ErrUnsupported }
func (g *Group) Entrance() (func(int) error, []*os.File) { return g.Admit, nil }
func (*Group) Admit(int) error                           { return errors.ErrUnsupported }
func (*Group) Start(int) error                           { return errors.ErrUnsupported }
func (*Group) CPU() (time.Duration, error)               { return 0, ErrNotMeasured }
func (*Group) Usage() (Usage, error)                     { return Usage{}, errors.ErrUnsupported }
func (*Group) Watch(call func(Alarm)) *Watch             { return &Watch{call: call} }
func (*Group) Processes() ([]int, error)                 { return nil, errors.ErrUnsupported }
func (*Group) Kill() error                               { return errors.ErrUnsupported }
func (*Group) Populated() (bool, error)                  { return false, errors.ErrUnsupported }
func (*Group) Recycle() bool                             { return false }
func (*Group) Empty() bool                               { return false }
func (*Group) Close() error                              { return nil }
