package gojudge

import "os"

// proxy carries what one command writes to another that reads it, so that the writer does not notice that
// nobody reads any more.
type proxy struct {
	source, target *os.File
	keep           *collector // gets it as well; nil: nobody
	done           chan struct{}
}

// connect makes the pipes of a request and gives the commands their ends. The proxies have begun; their ends
// come with those of the programs. After an error there are none.
func connect(maps []PipeMap, commands []*execution) (proxies []*proxy, err error) {
	for _, m := range maps {
		p, err := connectOne(m, commands[m.In.Index], commands[m.Out.Index])
		if err != nil {
			for _, e := range commands {
				e.descriptors.close()
			}
			for _, p := range proxies {
				p.wait()
			}
			return nil, err
		}
		if p != nil {
			proxies = append(proxies, p)
		}
	}
	return proxies, nil
}

// connectOne makes one pipe; the proxy is nil without one.
func connectOne(m PipeMap, writer, reader *execution) (*proxy, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	give := func(e *execution, fd int, f *os.File) {
		e.descriptors.own(f)
		e.descriptors.set(fd, f)
	}
	give(writer, m.In.FD, in)
	if !m.Proxy {
		give(reader, m.Out.FD, out)
		return nil, nil
	}
	far, target, err := os.Pipe()
	if err != nil {
		out.Close()
		return nil, err
	}
	give(reader, m.Out.FD, far)
	p := &proxy{source: out, target: target, done: make(chan struct{})}
	if m.Name != "" {
		p.keep = newCollector(m.Name, m.Max, nil, nil, writer.reply)
		p.keep.done = p.done
		writer.proxied = append(writer.proxied, p.keep)
	}
	go p.carry()
	return p, nil
}

// carry goes on when there is no reader any more, until there is no writer.
func (p *proxy) carry() {
	defer close(p.done)
	defer p.source.Close()
	defer p.target.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := p.source.Read(buffer)
		if n > 0 {
			if p.keep != nil {
				p.keep.take(buffer[:n])
			}
			_, _ = p.target.Write(buffer[:n]) // what nobody reads is thrown away
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) wait() { <-p.done }
