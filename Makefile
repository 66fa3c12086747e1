# One flat makefile. `make help` lists the targets.
#
# A make on a bare machine cannot know its libraries yet, so it works in two steps: the first runs
# tools/setup.sh, which finds or installs what is missing (and costs a few milliseconds when
# nothing is), and calls make again with QGN_READY=1 for the real work.
MODE     ?= $(if $(filter quick,$(MAKECMDGOALS)),quick,release)
VERSION   = 0.1.0
PREFIX   ?= /usr/local
LINE_EDITOR ?= readline
.DEFAULT_GOAL := all
# Where tests and experiments find data sets (mnist/...); what is not there is skipped.
export QGN_DATA ?= $(abspath ../shared/data)

# ---- targets that need nothing --------------------------------------------------------------

.PHONY: help setup data clean distclean docs docs-check
help:
	@echo 'make                 build build/qgn'
	@echo 'make demo            set up, build, run the Gaussian experiment, say where its report is'
	@echo 'make test            set up, build, all tests            (test-unit test-props test-golden'
	@echo '                     test-bad test-oom test-docs test-fuzz test-cli: one part; T="name ..." picks by name)'
	@echo 'make test-threads    what runs in several threads, under ThreadSanitizer'
	@echo 'make quick           the fast tests on a build that is quick to make, at most 40 s'
	@echo 'make check           before a push: fmt-check, lint, all tests under ASan and UBSan, threads under TSan'
	@echo 'make golden-update   write the expected texts of golden and wrong programs anew; read the diff'
	@echo 'make mutants         10 000 one-token mutants of the examples (N=, SEED=): where their errors stand, how many, fixes'
	@echo 'make soak-kill       50 times SIGKILL over three scripts; figures in tests/SOAK.md'
	@echo 'make soak-circuits   2000 random circuits by every gradient method, resumable; figures in tests/SOAK.md'
	@echo 'make soak-lang       fuzzing of scanner, parser, checker (FOR=seconds|--coverage|--merge); soak-read, soak-qasm of readers'
	@echo 'make soak-repl       sessions of the prompt at random (FOR=seconds), resumable'
	@echo 'make bench           compare speed with other systems, into bench/RESULTS.md'
	@echo 'make results         docs/results.md from result files; results-spot: a cheap one again; studies: all (N= OLD=1 FRESH=1)'
	@echo 'make lint            layers, codes without a test, long files and functions, shell scripts'
	@echo 'make fmt             clang-format all C files; fmt-check only looks'
	@echo 'make docs            the tables of spec.md and the highlighting in editors/ anew, from the .def files; docs-check only looks'
	@echo 'make grammar-report  the states of the grammar, in build/gen/'
	@echo 'make install         into PREFIX=/usr/local: bin/qgn, share/qgn/{stdlib,examples}, manual pages, completions'
	@echo 'make data            fetch MNIST and Fashion-MNIST, checked, to where qgn looks (DATA=folder SETS="mnist")'
	@echo 'make setup           only find or install what the build needs; clean removes what was built, distclean all of build/'
	@echo 'MODE=release|quick|debug|asan|tsan|cov    LINE_EDITOR=readline|libedit|none    CI=1 (warnings are errors)    V=1'

data: ; @[ -n "$$(command -v curl || command -v wget)" ] || LINE_EDITOR=$(LINE_EDITOR) sh tools/setup.sh --quiet; sh tools/data.sh $(if $(DATA),--into "$(DATA)") $(SETS)
setup:
	@LINE_EDITOR=$(LINE_EDITOR) sh tools/setup.sh

docs:
	@sh tools/tables.sh
	@sh tools/highlight.sh
docs-check:
	@sh tools/tables.sh --check
	@sh tools/highlight.sh --check

clean:
	rm -rf build/release build/quick build/debug build/asan build/tsan build/cov build/gen build/qgn build/setup.ok

distclean: ; rm -rf build

ifeq ($(QGN_READY),)
# ---- first step -----------------------------------------------------------------------------

GOALS := all tests demo test quick check test-unit test-props test-golden test-bad test-oom test-docs test-fuzz test-cli \
         test-threads golden-update bench results results-spot studies mutants soak-circuits lint fmt fmt-check grammar-report install
JOBS  := $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
define second_step
	@LINE_EDITOR=$(LINE_EDITOR) sh tools/setup.sh --quiet
	+@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS)) QGN_READY=1 $@
endef
.PHONY: $(GOALS)
.NOTPARALLEL:
FORCE:
$(GOALS):
	$(second_step)
build/%: FORCE
	$(second_step)
.DEFAULT:
	$(second_step)

else
# ---- second step: compilers, flags, libraries -------------------------------------------------

B       := build/$(MODE)
Q       := $(if $(V),,@)
say      = $(if $(V),,@echo '  $(1)  $(2)')
CC      := $(if $(filter default,$(origin CC)),$(firstword $(shell command -v gcc cc)),$(CC))
MACHINE := $(shell $(CC) -dumpmachine)
PC      := pkg-config

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wdouble-promotion -Wformat=2 -fno-common -Werror=implicit-function-declaration $(if $(filter 1,$(CI)),-Werror)
if_taken = $(shell $(CC) -Werror $(1) -E -x c /dev/null >/dev/null 2>&1 && echo $(1))
# gcc sees uninitialised variables reliably only where it optimises fully.
WARN += $(if $(filter release,$(MODE)),,$(call if_taken,-Wno-maybe-uninitialized))
OPT_release := -O2 -g1
OPT_quick   := -Og
OPT_debug   := -O0 -g3 -DQGN_DEBUG
OPT_asan    := -O1 -g -DQGN_DEBUG -DQGN_SANITIZED -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_tsan    := -O1 -g -DQGN_DEBUG -DQGN_SANITIZED -fsanitize=thread
OPT_cov     := -O0 -g -DQGN_DEBUG --coverage
KOPT_release := -O3 -g1
KOPT_debug   := -O1 -g3 -DQGN_DEBUG
KOPT_cov     := -O1 -g -DQGN_DEBUG --coverage
OPT  := $(or $(OPT_$(MODE)),$(error MODE must be release, quick, debug, asan, tsan or cov))
KOPT := $(or $(KOPT_$(MODE)),$(OPT))

# The serial OpenBLAS: the engine runs one thread for each shard and does its own sharing. Debian
# keeps it in a folder of its own; the archive starts faster than the shared object and needs no
# rpath, but is slow to link: tests take the shared one.
comma := ,
BLAS_DIR := $(firstword $(wildcard $(addsuffix /openblas-serial,/usr/lib/$(MACHINE) /usr/lib/$(shell $(CC) -print-multiarch) /usr/lib64)))
ifneq ($(BLAS_DIR),)
BLAS_CFLAGS := -I$(subst /usr/lib/,/usr/include/,$(BLAS_DIR))
BLAS_SHARED := -L$(BLAS_DIR) -Wl,-rpath$(comma)$(BLAS_DIR) -lopenblas
BLAS_LIBS   := $(or $(wildcard $(BLAS_DIR)/libopenblas.a),$(BLAS_SHARED))
else
BLAS_CFLAGS := $(shell $(PC) --cflags openblas)
BLAS_SHARED := $(shell $(PC) --libs openblas)
BLAS_LIBS   := $(BLAS_SHARED)
endif

EDITOR_readline := -lreadline
EDITOR_libedit  := -ledit
EDITOR_DEF := $(if $(filter none,$(LINE_EDITOR)),,-DQGN_LINE_EDITOR_$(LINE_EDITOR))

LANG_PC    := libmd libutf8proc
RUNTIME_PC := jansson zlib libpng
# Kernels are compiled once for each family of machines; a quick build has only this machine's.
FAMILIES := base $(if $(filter x86_64%,$(MACHINE)),avx2 avx512)
ifeq ($(MODE),quick)
NATIVE   := $(shell $(CC) -march=native -dM -E -x c /dev/null 2>/dev/null)
FAMILIES := $(lastword $(filter base $(if $(findstring __AVX2__,$(NATIVE)),avx2) $(if $(findstring __AVX512BW__,$(NATIVE)),avx512),$(FAMILIES)))
endif
# Other optimisation may round otherwise: results of such a build are those of a kernel family of its own.
BUILD_DEF    := $(if $(filter-out release,$(MODE)),-DQGN_BUILD='" $(MODE) build"')
CPPFLAGS_ALL := -I. -Ibuild/gen $(FAMILIES:%=-DQGN_HAS_%) -DQGN_VERSION='"$(VERSION)"' $(EDITOR_DEF) $(BUILD_DEF) $(BLAS_CFLAGS) \
                $(filter-out -D_%,$(shell $(PC) --cflags $(LANG_PC) $(RUNTIME_PC))) $(CPPFLAGS)
CFLAGS_ALL   := -std=c17 $(OPT) -ffp-contract=off -pthread $(WARN) $(CFLAGS)
KERNEL_ALL   := -std=c17 $(KOPT) -ffp-contract=fast -fno-math-errno -fno-trapping-math -pthread $(WARN) $(CFLAGS)
GEN_CFLAGS   := -std=c17 $(OPT) -ffp-contract=off -pthread -w $(CFLAGS)
LANG_LIBS    := $(shell $(PC) --libs $(LANG_PC))
RUNTIME_LIBS := $(shell $(PC) --libs $(RUNTIME_PC)) $(LANG_LIBS) -lm
LDFLAGS_ALL  := $(OPT) -pthread $(LDFLAGS)

# ---- sources ----------------------------------------------------------------------------------

GEN_C  := $(if $(wildcard grammar/qgn.y),build/gen/qgn.tab.c) $(if $(wildcard grammar/qgn.l),build/gen/qgn.lex.c)
GEN_H  := $(GEN_C:.c=.h) $(if $(wildcard stdlib/prelude.qgn),build/gen/prelude.inc)
KERNEL_C  := $(wildcard runtime/kernels/*_k.c runtime/sim/*_k.c)
LANG_C    := $(wildcard lang/*/*.c)
RUNTIME_C := $(filter-out runtime/cli/main.c $(KERNEL_C),$(wildcard runtime/*/*.c))
TEST_C    := $(wildcard tests/soak/*.c tests/cli/*.c tests/unit/*.c tests/props/*.c tests/oom/*.c tests/fuzz/*.c)
TEST_LIB_C := $(wildcard tests/ref/*.c)

# Vectors wider than the machine's live in memory, where gcc 12 takes lanes that were set for unset;
# the other families are the same source and are checked.
FAMILY_base   := $(call if_taken,-Wno-maybe-uninitialized)
FAMILY_avx2   := -mavx2 -mfma
FAMILY_avx512 := -mavx512f -mavx512dq -mavx512vl -mavx512bw -mavx2 -mfma
PRECISION_f32 := -DQGN_SINGLE
PRECISION_f64 := -DQGN_DOUBLE
VARIANTS := $(foreach p,f32 f64,$(foreach f,$(FAMILIES),$(p)_$(f)))

LANG_O    := $(LANG_C:%.c=$(B)/%.o) $(GEN_C:build/%.c=$(B)/%.o)
RUNTIME_O := $(RUNTIME_C:%.c=$(B)/%.o) $(foreach v,$(VARIANTS),$(KERNEL_C:%.c=$(B)/$(v)/%.o))
# Tests whose name begins with a layer of lang link without the runtime: the proof that lang needs none of it.
LANG_TESTS    := $(patsubst %.c,$(B)/%,$(filter tests/unit/base_% tests/unit/ast_% tests/unit/parse_% tests/unit/ir_% tests/unit/sema_% tests/unit/lang_% tests/fuzz/parse% tests/fuzz/check% tests/fuzz/qasm%,$(TEST_C)))
RUNTIME_TESTS := $(filter-out $(LANG_TESTS),$(TEST_C:%.c=$(B)/%))
TEST_LIB_O    := $(TEST_LIB_C:%.c=$(B)/%.o)

# ---- rules --------------------------------------------------------------------------------------

.PHONY: all tests demo test quick check test-unit test-props test-golden test-bad test-oom test-docs test-fuzz test-cli test-threads golden-update \
        bench results results-spot studies mutants soak-circuits soak-qasm soak-lang soak-read soak-repl soak-kill lint fmt fmt-check grammar-report install FORCE
.DELETE_ON_ERROR:
.SECONDARY:
FORCE:

all: build/qgn

build/qgn: build/release/qgn
	@ln -f $< $@ 2>/dev/null || cp $< $@
	@touch $@
ifneq ($(MODE),release)
all: $(B)/qgn
build/release/qgn: FORCE
	@$(MAKE) --no-print-directory QGN_READY=1 MODE=release $@
endif

# Files that change only when their contents do, so that other flags or a removed source rebuild
# what depends on them and nothing else.
define write_if_new
	@mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' > $@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
endef
$(B)/flags: FORCE
	$(call write_if_new,$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(KERNEL_ALL) $(LDFLAGS_ALL) $(BLAS_LIBS) $(BLAS_SHARED) $(RUNTIME_LIBS))
$(B)/lang.list: FORCE
	$(call write_if_new,$(LANG_O))
$(B)/runtime.list: FORCE
	$(call write_if_new,$(RUNTIME_O))

$(B)/%.o: %.c $(B)/flags | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c $< -o $@
$(B)/gen/%.o: build/gen/%.c $(B)/flags | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(GEN_CFLAGS) -MMD -MP -c $< -o $@
# variant.h with the compiler's header of vector instructions takes longer to read than a kernel to
# compile: it is read once for each variant and kept.
define variant_rule
$(B)/$(1)/variant.h.gch: runtime/kernels/variant.h $(B)/flags
	@mkdir -p $$(@D); echo '#include "runtime/kernels/variant.h"' > $$(@D)/variant.h
	$(Q)$$(CC_$(1)) -x c-header $$(@D)/variant.h -o $$@
$(B)/$(1)/%.o: %.c $(B)/$(1)/variant.h.gch $(B)/flags | $(GEN_H)
	@mkdir -p $$(@D)
	$$(call say,CC,$$< $(1))
	$(Q)$$(CC_$(1)) -include $(B)/$(1)/variant.h -MMD -MP -c $$< -o $$@
CC_$(1) = $(CC) $(CPPFLAGS_ALL) $(KERNEL_ALL) $(PRECISION_$(2)) $(FAMILY_$(3)) -DQGN_ISA_$(3) -DQGN_VARIANT=$(1)
endef
$(foreach p,f32 f64,$(foreach f,$(FAMILIES),$(eval $(call variant_rule,$(p)_$(f),$(p),$(f)))))

$(B)/liblang.a: $(LANG_O) $(B)/lang.list
	@rm -f $@; ar rcs $@ $(LANG_O)
$(B)/libruntime.a: $(RUNTIME_O) $(B)/runtime.list
	@rm -f $@; ar rcs $@ $(RUNTIME_O)
$(B)/qgn: $(B)/runtime/cli/main.o $(B)/libruntime.a $(B)/liblang.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(EDITOR_$(LINE_EDITOR)) $(BLAS_LIBS) $(RUNTIME_LIBS) -o $@
$(LANG_TESTS): $(B)/%: $(B)/%.o $(B)/liblang.a
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(LANG_LIBS) -lcmocka -lm -o $@
$(B)/libtest.a: $(TEST_LIB_O)
	@rm -f $@; ar rcs $@ $^
$(RUNTIME_TESTS): $(B)/%: $(B)/%.o $(B)/libtest.a $(B)/libruntime.a $(B)/liblang.a
	$(Q)$(CC) $(LDFLAGS_ALL) $^ $(EDITOR_$(LINE_EDITOR)) $(BLAS_SHARED) $(RUNTIME_LIBS) -lcmocka -o $@
tests: $(LANG_TESTS) $(RUNTIME_TESTS)

build/gen/%.tab.c build/gen/%.tab.h: grammar/%.y
	@mkdir -p $(@D)
	$(call say,BISON,$<)
	$(Q)bison -Wall -Wcounterexamples -Werror --output=build/gen/$*.tab.c --header=build/gen/$*.tab.h $<
build/gen/%.lex.c build/gen/%.lex.h: grammar/%.l
	@mkdir -p $(@D)
	$(call say,FLEX,$<)
	$(Q)flex --outfile=build/gen/$*.lex.c --header-file=build/gen/$*.lex.h $<
build/gen/prelude.inc: stdlib/prelude.qgn
	@mkdir -p $(@D)
	$(Q)od -An -v -tx1 $< | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g' > $@

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---- tests and tools ------------------------------------------------------------------------------

RUN_TESTS := MODE=$(MODE) bash tests/run.sh
test quick test-unit test-props test-golden test-bad test-oom test-docs test-fuzz test-cli golden-update: $(B)/qgn tests
test:
	$(RUN_TESTS) $(T)
quick:
	$(RUN_TESTS) --quick $(T)
test-unit test-props test-golden test-bad test-oom test-docs test-fuzz test-cli: test-%:
	$(RUN_TESTS) $*: $(T)
golden-update:
	$(RUN_TESTS) --update golden: bad: repl: $(T)
THREAD_TESTS := props/exec_plan unit/rt_run
test-threads:
	@$(MAKE) --no-print-directory QGN_READY=1 MODE=tsan $(THREAD_TESTS:%=build/tsan/tests/%)
	MODE=tsan bash tests/run.sh $(THREAD_TESTS:%=%.c)
check: fmt-check lint docs-check
	@$(MAKE) --no-print-directory QGN_READY=1 MODE=asan test
	@$(MAKE) --no-print-directory QGN_READY=1 test-threads

demo: build/qgn
	build/qgn run examples/gaussian
	@echo "report: $$(cd runs/latest && pwd -P)/report.html"
mutants: $(B)/tests/soak/mutants
	$< $(or $(N),10000) $(or $(SEED),1) examples/*/main.qgn
soak-circuits: $(B)/tests/props/circuits
	MODE=$(MODE) bash tools/soak_circuits.sh
bench: build/qgn
	bash bench/run.sh
results results-spot: build/qgn
	python3 tools/results.py $(if $(filter %-spot,$@),--spot)
studies: build/qgn
	python3 tools/studies.py $(if $(OLD),--old) $(if $(FRESH),--fresh) $(N)
soak-kill: $(B)/qgn
	dir=$$(mktemp -d) && bash tests/soak/kill.sh $(CURDIR)/$(B)/qgn 51 $$dir && rm -rf $$dir
soak-qasm soak-lang soak-read soak-repl: soak-%:
	bash tools/soak_$*.sh $(FOR)
lint:
	@bash tools/lint.sh
fmt fmt-check:
	@bash tools/fmt.sh $@
grammar-report: grammar/qgn.y
	@mkdir -p build/gen
	bison -Wall -Wcounterexamples --report=all --report-file=build/gen/grammar.txt --html=build/gen/grammar.html \
	  --output=/dev/null $<
	@echo build/gen/grammar.txt build/gen/grammar.html
install: build/qgn
	sh tools/install.sh $(DESTDIR)$(PREFIX)
endif
