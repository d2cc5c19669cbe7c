read n; echo $((n + 2))
