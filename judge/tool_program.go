package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"judge/isolate"
)

// builtTool is a setter's program as all workers of a pool share it: whoever needs it first compiles it,
// while the others wait. It is tried again when our own machinery has failed, or the batch was ended.
type builtTool struct {
	mu      sync.Mutex
	known   bool
	program *program
	err     error
}

func (b *builtTool) close() {
	if b.program != nil {
		b.program.close()
	}
}

// tool returns a setter's program ready to run, which the pool closes. An error says why there is none: it
// does not compile, its compiler is missing, our own machinery has failed, or the context was cancelled.
func (w *worker) tool(ctx context.Context, t *Task, tool *Tool) (*program, error) {
	w.mu.Lock()
	b := w.tools[tool]
	if b == nil {
		b = &builtTool{}
		w.tools[tool] = b
	}
	w.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known {
		return b.program, b.err
	}
	p, known, err := w.buildTool(ctx, t, tool)
	if err != nil {
		err = fmt.Errorf("%s: %w", tool, err)
	}
	if known {
		b.known, b.program, b.err = true, p, err
	}
	return p, err
}

// buildTool compiles a tool. It is known whether that can be done unless something has kept us from trying.
//
// A tool is built and run in the task's root, for that is where the toolchain is, but without its binds:
// what a submission may write there, a checker must not read.
func (w *worker) buildTool(ctx context.Context, t *Task, tool *Tool) (p *program, known bool, err error) {
	root := rootOf(t)
	root.Binds = nil
	below := *root
	root.Size, root.Inodes = tool.Limits.Disk, tool.Limits.Inodes
	env := environment(t, tool.Language)
	if len(tool.Include) > 0 {
		env = append(env, "CPATH="+workDir) // #include <testlib.h>, for GCC and Clang
	}
	p, err = newSourceProgram(root, env, tool.Code, tool.Include)
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if err != nil {
			p.close()
			p = nil
		}
	}()
	compiler, err := w.version(ctx, t, p, tool.Language)
	if err != nil || len(tool.Language.Compile) == 0 {
		return p, err == nil, err
	}
	facts, _, _ := w.cached(&below, p, func() (Facts, *stream) { return w.compileCode(ctx, &below, p, tool.Code) })
	switch d := DecideCompile(facts); d.Verdict {
	case Accepted:
		return p, true, nil
	case CompileError:
		if compiler == "" {
			compiler = tool.Language.Name
		}
		return p, true, fmt.Errorf("does not compile with %s: %s", compiler, d.Message)
	case Skipped:
		return p, false, context.Cause(ctx)
	default:
		return p, false, fmt.Errorf("compile it: %w", facts.Err)
	}
}

// runSetters runs a setter's program within its own limits, without a network. Of given it takes the root,
// standard input and the arguments. The slot will then make a sandbox with the root next, if
// it is not nil.
func (w *worker) runSetters(ctx context.Context, tool *Tool, p *program, given isolate.Program, next *isolate.Root) (facts Facts, stdout, stderr *stream, err error) {
	l := tool.Language.LimitsFor(tool.Limits)
	stdout = &stream{keep: KeepFeedback, limit: l.Output}
	stderr = &stream{keep: KeepFeedback, limit: l.Output}
	if err := stdout.open(); err != nil {
		return Facts{}, nil, nil, err
	}
	if err := stderr.open(); err != nil {
		return Facts{}, nil, nil, errors.Join(err, stdout.finish())
	}
	given.Path, given.Args = p.path, slices.Concat(p.args(l), given.Args)
	given.Env, given.Dir = p.env, workDir
	given.Stdout, given.Stderr = stdout.write, stderr.write
	given.Rlimits = rlimits(l, w.host.Lack())
	facts, _, err = w.slot.run(ctx, execution{program: given, limits: l, stdout: stdout, stderr: stderr, next: next})
	err = errors.Join(err, stdout.finish(), stderr.finish())
	facts.Stdout, facts.Stderr = stdout.total, stderr.total
	return facts, stdout, stderr, err
}
