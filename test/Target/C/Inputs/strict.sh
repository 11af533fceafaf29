# strict.sh PROJECT COMPILER...: compiles every C file of a project (NAME_selftest.c
# includes NAME.c) with the warnings that the project promises to be free of.
project=$1
shift
for file in "$project"/*.c "$project"/qat-rt/*.c; do
  "$@" -std=c99 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wstrict-prototypes \
    -Werror -I"$project" -c "$file" -o /dev/null || exit 1
done
