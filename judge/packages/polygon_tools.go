package packages

import (
	"path"
	"strings"

	"judge/judge"
)

// standardCheckers are those of testlib.h that compare as a built-in checker does.
//
// The numbers of rcmp4 and its like may be an absolute or a relative tolerance away, those of rcmp and
// rncmp an absolute one. lcmp and fcmp, which look at lines, have no equal.
var standardCheckers = map[string]string{
	"wcmp":   "tokens",
	"ncmp":   "tokens",
	"icmp":   "tokens",
	"hcmp":   "tokens",
	"yesno":  "default",
	"nyesno": "default",
	"rcmp4":  "floats:1e-4",
	"rcmp6":  "floats:1e-6",
	"rcmp9":  "floats:1e-9",
	"rcmp":   "default:case_sensitive float_absolute_tolerance 1.5e-6",
	"rncmp":  "default:case_sensitive float_absolute_tolerance 1.5e-5",
}

// readTools finds the checker or the interactor, and the validators.
func (r *polygon) readTools() error {
	if err := r.readJudging(); err != nil {
		return err
	}
	for _, v := range r.xml.Validators {
		if judge.LanguageOf(v.Source.Path) == "" {
			r.note("validator %s is not run on inputs: no language has its extension", v.Source.Path)
			continue
		}
		t, err := r.tool(v.Source)
		if err != nil {
			return err
		}
		r.validators = append(r.validators, t)
	}
	return nil
}

func (r *polygon) readJudging() error {
	c, i := r.xml.Checker, r.xml.Interactor
	switch {
	case i != nil:
		t, err := r.tool(i.Source)
		if err != nil {
			return err
		}
		r.interactor = &t
		return r.afterInteractor()
	case c == nil:
		return r.fail("the package has no checker")
	}
	name := strings.TrimSuffix(strings.TrimPrefix(c.Name, "std::"), ".cpp")
	if builtin, ok := standardCheckers[name]; ok && strings.HasPrefix(c.Name, "std::") {
		r.checker = builtin
		return nil
	}
	t, err := r.tool(c.Source)
	if err != nil {
		return err
	}
	r.checkerTool = &t
	return nil
}

// afterInteractor decides what it means that no checker looks at what an interactor has written.
func (r *polygon) afterInteractor() error {
	if r.xml.Checker == nil {
		return nil
	}
	text, _, err := r.text(r.interactor.source[0])
	if err != nil {
		return err
	}
	if strings.Contains(text, "tout") {
		return r.tree.fail(r.interactor.source[0], "writes to tout, for a checker to judge: a task has an interactor or a checker")
	}
	r.note("the checker is not run after the interactor, which writes nothing for it: what the interactor says counts")
	return nil
}

// tool is a program with testlib.h, and what else the package has for it to include.
func (r *polygon) tool(s polygonSource) (tool, error) {
	switch {
	case !localName(s.Path) || !r.has(s.Path):
		return tool{}, r.fail("source %q: there is no such file", s.Path)
	case judge.LanguageOf(s.Path) == "":
		return tool{}, r.fail("source %q: no language has this extension", s.Path)
	}
	t := tool{source: []string{s.Path}, protocol: judge.Testlib}
	for _, f := range r.xml.Resources {
		if path.Ext(f.Path) == ".h" && localName(f.Path) && r.has(f.Path) && !strings.ContainsAny(f.Path, `*?[\`) {
			t.include = append(t.include, f.Path)
		}
	}
	return t, nil
}
