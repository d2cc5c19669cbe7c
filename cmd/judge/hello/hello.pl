use strict;
use warnings;

print "hello " . <STDIN>;
