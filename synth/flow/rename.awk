# SPDX-License-Identifier: Apache-2.0
# From the output of Yosys' `ls` to a script that gives every elaborated module the name it has in the source;
# where it was elaborated with more than one set of parameters, NAME, NAME_2 and so on.
/\$paramod/ {
  long = $1
  name = long
  sub(/^\\?\$paramod(\$[0-9a-f]+)?\\/, "", name)
  sub(/\\.*/, "", name)
  new = name (count[name]++ ? "_" count[name] : "")
  print "rename " long " " new
  print "chtype -set " new " t:" long  # rename leaves the instances behind
}
END { print "# done" }
