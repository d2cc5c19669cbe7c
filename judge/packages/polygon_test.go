package packages

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPolygon(t *testing.T) {
	const problem = `<problem short-name="p"><judging><testset name="tests"><time-limit>500</time-limit><memory-limit>1048576</memory-limit>
<input-path-pattern>t/%%02d</input-path-pattern><answer-path-pattern>t/%%02d.a</answer-path-pattern>
<tests><test method="manual"/></tests></testset></judging><assets>%s
<solutions><solution tag="main"><source path="submissions/accepted/a.py"/></solution></solutions></assets></problem>`
	const interactor = `<checker name="std::wcmp.cpp" type="testlib"/><interactor><source path="i.cpp"/></interactor>`
	for name, tt := range map[string]struct{ assets, interactor, want string }{
		"tokens":                    {`<checker name="std::wcmp.cpp"/>`, "", `checker = "tokens"`},
		"numbers":                   {`<checker name="std::rcmp6.cpp"/>`, "", `checker = "floats:1e-6"`},
		"yes or no":                 {`<checker name="std::nyesno.cpp"/>`, "", `checker = "default"`},
		"absolute":                  {`<checker name="std::rcmp.cpp"/>`, "", `checker = "default:case_sensitive float_absolute_tolerance 1.5e-6"`},
		"a standard one of no kin":  {`<checker name="std::lcmp.cpp"><source path="i.cpp"/></checker>`, "", `checker = { source = "i.cpp", protocol = "testlib" }`},
		"its source is not there":   {`<checker name="std::lcmp.cpp"><source path="check.cpp"/></checker>`, "", `problem.xml: source "check.cpp": there is no such file`},
		"interactor":                {interactor, "", `interactor = { source = "i.cpp", protocol = "testlib" }`},
		"interactor and checker":    {interactor, "tout << 1;", "i.cpp: writes to tout, for a checker to judge: a task has an interactor or a checker"},
		"neither the one nor other": {"", "", "problem.xml: the package has no checker"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := files{"problem.xml": fmt.Sprintf(problem, tt.assets), "t/01": "", "t/01.a": "", "i.cpp": tt.interactor}.read(t)
			if err != nil {
				assert.ErrorContains(t, err, "/package/"+tt.want)
				return
			}
			assert.Contains(t, p.document(""), "\n"+tt.want+"\n")
		})
	}
}
