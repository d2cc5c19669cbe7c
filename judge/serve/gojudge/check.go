package gojudge

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Check says which field of a request cannot be held to. The error is a *FieldError.
func (r *Request) Check() error {
	if len(r.Cmd) == 0 {
		return refuse("cmd", "no command: want at least one")
	}
	if len(r.Cmd) > MaxCommands {
		return refuse("cmd", "%d commands: want at most %d", len(r.Cmd), MaxCommands)
	}
	if len(r.PipeMapping) > MaxPipes {
		return refuse("pipeMapping", "%d pipes: want at most %d", len(r.PipeMapping), MaxPipes)
	}
	for i := range r.Cmd {
		if err := r.Cmd[i].check(fmt.Sprintf("cmd[%d]", i)); err != nil {
			return err
		}
	}
	return r.checkPipes()
}

// checkPipes sees to it that each end of a pipe is a descriptor that is free, and that each descriptor that
// is left to a pipe gets one.
func (r *Request) checkPipes() error {
	taken := map[PipeIndex]bool{}
	for i, p := range r.PipeMapping {
		field := fmt.Sprintf("pipeMapping[%d]", i)
		if err := r.checkPipeEnd(field+".in", p.In, taken); err != nil {
			return err
		}
		if err := r.checkPipeEnd(field+".out", p.Out, taken); err != nil {
			return err
		}
		switch {
		case p.Max < 0:
			return refuse(field+".max", "%d: want 0 or more", p.Max)
		case p.Name != "" && !p.Proxy:
			return refuse(field+".name", "want proxy with it: a pipe alone keeps nothing")
		case p.Name != "":
			if err := checkText(field+".name", p.Name); err != nil {
				return err
			}
			if r.Cmd[p.In.Index].collector(p.Name) != nil {
				return refuse(field+".name", "%q is a collector of the command already", p.Name)
			}
		}
	}
	for i, c := range r.Cmd {
		for fd, f := range c.Files {
			if f == nil && !taken[PipeIndex{i, fd}] {
				return refuse(fmt.Sprintf("cmd[%d].files[%d]", i, fd), "null, and no pipeMapping fills it")
			}
		}
	}
	return nil
}

func (r *Request) checkPipeEnd(field string, end PipeIndex, taken map[PipeIndex]bool) error {
	if end.Index < 0 || end.Index >= len(r.Cmd) {
		return refuse(field+".index", "%d: want one of the commands, 0 to %d", end.Index, len(r.Cmd)-1)
	}
	if end.FD < 0 || end.FD >= MaxDescriptors {
		return refuse(field+".fd", "%d: want 0 to %d", end.FD, MaxDescriptors-1)
	}
	c := r.Cmd[end.Index]
	if taken[end] || end.FD < len(c.Files) && c.Files[end.FD] != nil {
		return refuse(field+".fd", "descriptor %d of cmd[%d] is taken already", end.FD, end.Index)
	}
	if c.TTY && end.FD < 3 {
		return refuse(field+".fd", "descriptor %d of cmd[%d] is its terminal", end.FD, end.Index)
	}
	taken[end] = true
	return nil
}

// collector returns what collects under a name, nil for none.
func (c *Cmd) collector(name string) *CmdFile {
	for _, f := range c.Files {
		if f != nil && f.Name != nil && *f.Name == name {
			return f
		}
	}
	return nil
}

func (c *Cmd) check(field string) error {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return refuse(field+".args", "no program: want at least its name")
	}
	size := 0
	for _, list := range []struct {
		name   string
		values []string
	}{{"args", c.Args}, {"env", c.Env}} {
		for i, v := range list.values {
			size += len(v) + 1
			if strings.ContainsRune(v, 0) {
				return refuse(fmt.Sprintf("%s.%s[%d]", field, list.name, i), "has a NUL byte")
			}
		}
	}
	if size > MaxArguments {
		return refuse(field+".args", "args and env have %d bytes: want at most %d", size, MaxArguments)
	}
	switch {
	case c.CPURateLimit != 0:
		return refuse(field+".cpuRateLimit", "a rate cannot be held here: want cpuLimit and clockLimit")
	case c.CPURate != 0:
		return refuse(field+".cpuRate", "a rate cannot be held here: want cpuLimit and clockLimit")
	case c.CopyOutDir != "":
		return refuse(field+".copyOutDir", "nothing is written to directories of the server: want copyOut or copyOutCached")
	}
	if _, err := c.limits(field); err != nil {
		return err
	}
	if err := c.checkFiles(field); err != nil {
		return err
	}
	return c.checkCopies(field)
}

// checkFiles checks what the descriptors are.
func (c *Cmd) checkFiles(field string) error {
	if len(c.Files) > MaxDescriptors {
		return refuse(field+".files", "%d descriptors: want at most %d", len(c.Files), MaxDescriptors)
	}
	inputs, collectors := 0, 0
	for i, f := range c.Files {
		if f == nil {
			continue
		}
		field := fmt.Sprintf("%s.files[%d]", field, i)
		if err := f.checkSource(field); err != nil {
			return err
		}
		switch {
		case f.Symlink != nil:
			return refuse(field+".symlink", "a link belongs in copyIn")
		case f.collects():
			collectors++
			if f.Name == nil || f.Max == nil {
				return refuse(field, "a collector has a name and a max")
			}
			if *f.Max < 0 {
				return refuse(field+".max", "%d: want 0 or more", *f.Max)
			}
			if err := checkText(field+".name", *f.Name); err != nil {
				return err
			}
		case i < 3:
			inputs++
		}
	}
	if c.TTY && inputs > 1 {
		return refuse(field+".files", "%d inputs: a terminal has one", inputs)
	}
	if c.TTY && collectors == 0 {
		return refuse(field+".files", "no collector: a terminal has one for what is printed")
	}
	return nil
}

// checkCopies checks what is copied in and out.
func (c *Cmd) checkCopies(field string) error {
	if n := len(c.CopyIn); n > MaxCopies {
		return refuse(field+".copyIn", "%d files: want at most %d", n, MaxCopies)
	}
	for name, f := range c.CopyIn {
		field := fmt.Sprintf("%s.copyIn[%q]", field, name)
		if _, err := place(name); err != nil {
			return refuse(field, "%v", err)
		}
		if f == nil {
			return refuse(field, "null: want content, fileId or symlink")
		}
		if err := f.checkSource(field); err != nil {
			return err
		}
		if f.collects() {
			return refuse(field, "a collector belongs in files")
		}
		if f.Symlink != nil {
			if err := checkText(field+".symlink", *f.Symlink); err != nil {
				return err
			}
		}
	}
	if n := len(c.CopyOut) + len(c.CopyOutCached); n > MaxCopies {
		return refuse(field+".copyOut", "%d files with copyOutCached: want at most %d", n, MaxCopies)
	}
	for _, list := range []struct {
		name  string
		names []string
	}{{"copyOut", c.CopyOut}, {"copyOutCached", c.CopyOutCached}} {
		for i, name := range list.names {
			name, _ = optional(name)
			if c.collector(name) != nil {
				continue
			}
			if _, err := place(name); err != nil {
				return refuse(fmt.Sprintf("%s.%s[%d]", field, list.name, i), "%v", err)
			}
		}
	}
	return nil
}

// collects tells whether it is a collector, be it a complete one.
func (f *CmdFile) collects() bool { return f.Name != nil || f.Max != nil }

// checkSource sees to it that a file is of exactly one kind, and of one that there is.
func (f *CmdFile) checkSource(field string) error {
	switch {
	case f.Src != nil:
		return refuse(field+".src", "files of the server are not read: want content or fileId")
	case f.StreamIn != nil:
		return refuse(field+".streamIn", "there is no stream to a request over HTTP: want content or fileId")
	case f.StreamOut != nil:
		return refuse(field+".streamOut", "there is no stream from a request over HTTP: want name and max")
	}
	kinds := 0
	for _, is := range []bool{f.Content != nil, f.FileID != nil, f.Symlink != nil, f.collects()} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		return refuse(field, "want exactly one of content, fileId, symlink, and name with max")
	}
	if f.FileID != nil && len(*f.FileID) > MaxName {
		return refuse(field+".fileId", "%d bytes: want at most %d", len(*f.FileID), MaxName)
	}
	return nil
}

// checkText checks a name that is not one of a file below /w.
func checkText(field, s string) error {
	switch {
	case s == "":
		return refuse(field, "empty")
	case len(s) > MaxName:
		return refuse(field, "%d bytes: want at most %d", len(s), MaxName)
	case strings.ContainsRune(s, 0) || !utf8.ValidString(s):
		return refuse(field, "%.40q has a NUL byte, or is not UTF-8", s)
	}
	return nil
}
