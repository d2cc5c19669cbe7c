package policy_test

import (
	"fmt"

	"judge/isolate/internal/policy"
)

// The paths of a plan are rules to add once the root is complete.
func Example() {
	plan := policy.Landlock{ReadWrite: []string{"/work"}, Devices: []string{}}.Plan(3)
	fmt.Println("Landlock", plan.ABI)
	for _, rule := range plan.Paths {
		fmt.Printf("%s %#x\n", rule.Path, rule.Access)
	}
	fmt.Println(policy.Seccomp{Mode: policy.Notify, TCP: true})
	// Output:
	// Landlock 3
	// / 0xd
	// /work 0x77bf
	// seccomp mode=notify inet=false tcp=true shared=false
}
