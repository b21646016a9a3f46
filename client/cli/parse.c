/* SPDX-License-Identifier: MIT
 *
 * Words to options, by the tables.  Takes `--name VALUE`, `--name=VALUE`,
 * `-n VALUE` and `-nVALUE`, in any place before `--`; no abbreviations, since a
 * script that uses one breaks when an option is added.  Never guesses.
 */
#include <string.h>
#include <time.h>

#include "cli/cli.h"

/* What an option word resolved to. */
struct match {
    const struct cli_option *option;
    const mhsm_option *setting;
};

static void hint_help(const struct cli *cli, mhsm_error **err)
{
    if (cli->command == NULL && cli->noun == NULL)
        mhsmi_error_set_hint(err, "see mhsm --help");
    else if (cli->command == NULL)
        mhsmi_error_set_hint(err, "see mhsm %s --help", cli->noun->name);
    else
        mhsmi_error_set_hint(err, "see mhsm %s%s%s --help",
                             cli->command->noun ? cli->command->noun : "",
                             cli->command->noun ? " " : "", cli->command->verb);
}

static const struct cli_option *find_in(const struct cli_option *group,
                                        const char *name, size_t size,
                                        char letter)
{
    for (; group->name != NULL; group++) {
        if (letter != 0 ? group->letter == letter
                        : strlen(group->name) == size &&
                              memcmp(group->name, name, size) == 0)
            return group;
    }
    return NULL;
}

/* `letter` 0: by name. */
static struct match find(const struct cli *cli, const char *name, size_t size,
                         char letter)
{
    struct match match = {NULL, NULL};
    const mhsm_option *setting;
    size_t i;

    for (i = 0; cli->command != NULL && i < CLI_GROUPS; i++) {
        if (cli->command->groups[i] == NULL)
            break;
        match.option = find_in(cli->command->groups[i], name, size, letter);
        if (match.option != NULL)
            return match;
    }
    match.option = find_in(cli_global_options, name, size, letter);
    if (match.option != NULL || letter != 0)
        return match;
    for (i = 0; (setting = mhsm_option_at(i)) != NULL; i++)
        if (strlen(setting->name) == size &&
            memcmp(setting->name, name, size) == 0)
            match.setting = setting;
    return match;
}

static int is_choice(const char *choices, const char *value)
{
    size_t size = strlen(value);
    const char *at = choices;

    while (at != NULL) {
        const char *end = strchr(at, '|');
        size_t length = end != NULL ? (size_t)(end - at) : strlen(at);

        if (length == size && memcmp(at, value, size) == 0)
            return 1;
        at = end != NULL ? end + 1 : NULL;
    }
    return 0;
}

static mhsm_status store_setting(struct cli *cli, const mhsm_option *setting,
                                 const char *value, mhsm_error **err)
{
    size_t i;

    for (i = 0; i < cli->setting_count; i++)
        if (cli->settings[i].option == setting)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT, "--%s is given twice",
                               setting->name);
    if (cli->setting_count == CLI_SETTINGS_MAX)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "too many options");
    cli->settings[cli->setting_count].option = setting;
    cli->settings[cli->setting_count++].value = value;
    return MHSM_OK;
}

size_t cli_repeats(const struct cli *cli, enum cli_option_id id,
                   const char *values[CLI_TAGS_MAX])
{
    size_t count = 0, i;

    for (i = 0; i < cli->repeat_count; i++)
        if (cli->repeats[i].id == id)
            values[count++] = cli->repeats[i].value;
    return count;
}

static mhsm_status store_repeat(struct cli *cli,
                                const struct cli_option *option,
                                const char *value, mhsm_error **err)
{
    const char *values[CLI_TAGS_MAX];

    if (cli->repeat_count == CLI_REPEATS_MAX ||
        cli_repeats(cli, option->id, values) == CLI_TAGS_MAX)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "--%s is given more than %d times", option->name,
                           CLI_TAGS_MAX);
    cli->repeats[cli->repeat_count].id = option->id;
    cli->repeats[cli->repeat_count++].value = value;
    return MHSM_OK;
}

static mhsm_status store(struct cli *cli, const struct cli_option *option,
                         const char *value, mhsm_error **err)
{
    if (option->choices != NULL && !is_choice(option->choices, value))
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "--%s %s: it is one of %s",
                           option->name, value, option->choices);
    if (option->flags & CLI_REPEATED) {
        mhsm_status st = store_repeat(cli, option, value, err);

        if (st != MHSM_OK)
            return st;
    } else if (cli->values[option->id] != NULL && option->argument != NULL) {
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "--%s is given twice",
                           option->name);
    }
    cli->values[option->id] = value;
    if (option->id == CLI_OUTPUT)
        cli->output = strcmp(value, "json") == 0  ? CLI_JSON
                      : strcmp(value, "tsv") == 0 ? CLI_TSV
                                                  : CLI_TABLE;
    else if (option->id == CLI_HELP)
        cli->action = CLI_SHOW_HELP;
    return MHSM_OK;
}

/* One option word at argv[*at]; moves past a value in the next word. */
static mhsm_status parse_option(struct cli *cli, int argc, char **argv, int *at,
                                mhsm_error **err)
{
    const char *word = argv[*at], *value = NULL;
    int is_long = word[1] == '-', takes_value;
    size_t size = is_long ? strcspn(word + 2, "=") : 1;
    struct match match = find(cli, is_long ? word + 2 : word + 1, size,
                              (char)(is_long ? 0 : word[1]));
    int shown = is_long ? (int)size + 2 : 2;

    if (match.option == NULL && match.setting == NULL)
        return mhsmi_error(
            err, MHSM_ERR_ARGUMENT, "unknown option %.*s%s", shown, word,
            cli->command == NULL ? " (options of a command come after it)"
                                 : "");
    if (is_long && word[size + 2] == '=')
        value = word + size + 3;
    else if (!is_long && word[2] != 0)
        value = word + 2;
    takes_value = match.setting != NULL || match.option->argument != NULL;
    if (!takes_value) {
        if (value != NULL)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT, "%.*s takes no value",
                               shown, word);
        return store(cli, match.option, "", err);
    }
    if (value == NULL) {
        if (*at + 1 >= argc)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT, "%.*s needs a value",
                               shown, word);
        value = argv[++*at];
    }
    return match.setting != NULL ? store_setting(cli, match.setting, value, err)
                                 : store(cli, match.option, value, err);
}

/* The noun `word` below the one that was named before, if any. */
static const struct cli_noun *find_noun(const struct cli_noun *above,
                                        const char *word)
{
    size_t size = above != NULL ? strlen(above->name) : 0;
    const struct cli_noun *noun;

    for (noun = cli_nouns; noun->name != NULL; noun++) {
        const char *rest = noun->name;

        if (above != NULL) {
            if (strncmp(rest, above->name, size) != 0 || rest[size] != ' ')
                continue;
            rest += size + 1;
        }
        if (strcmp(rest, word) == 0)
            return noun;
    }
    return NULL;
}

static mhsm_status parse_word(struct cli *cli, const char *word,
                              mhsm_error **err)
{
    const struct cli_command *command;
    const struct cli_noun *noun;
    size_t i;

    if (cli->command != NULL) {
        if (cli->command->operand == NULL || cli->operand != NULL)
            return mhsmi_error(err, MHSM_ERR_ARGUMENT, "unexpected word %s",
                               word);
        cli->operand = word;
        return MHSM_OK;
    }
    for (i = 0; (command = cli_command_at(i)) != NULL; i++) {
        int same_noun = cli->noun == NULL
                            ? command->noun == NULL
                            : command->noun != NULL &&
                                  strcmp(command->noun, cli->noun->name) == 0;

        if (same_noun && strcmp(command->verb, word) == 0) {
            cli->command = command;
            return MHSM_OK;
        }
    }
    noun = find_noun(cli->noun, word);
    if (noun != NULL) {
        cli->noun = noun;
        return MHSM_OK;
    }
    return mhsmi_error(err, MHSM_ERR_ARGUMENT, "unknown command %s%s%s",
                       cli->noun ? cli->noun->name : "", cli->noun ? " " : "",
                       word);
}

/* `mhsm help ...`, `mhsm --version` and the build's `mhsm --man` stand first;
 * tells how many words they took. */
static int parse_first(struct cli *cli, int argc, char **argv, mhsm_error **err)
{
    if (argc < 2)
        return 0;
    if (strcmp(argv[1], "help") == 0) {
        cli->action = CLI_SHOW_HELP;
        return 1;
    }
    if (argc <= 3 && strcmp(argv[1], "--man") == 0) {
        cli->action = CLI_SHOW_MAN;
        return 1;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return parse_word(cli, "version", err) == MHSM_OK;
    return 0;
}

static mhsm_status check_complete(const struct cli *cli, mhsm_error **err)
{
    size_t i;

    if (cli->command == NULL)
        return cli->noun != NULL
                   ? mhsmi_error(err, MHSM_ERR_ARGUMENT, "%s: which command?",
                                 cli->noun->name)
                   : mhsmi_error(err, MHSM_ERR_ARGUMENT, "which command?");
    for (i = 0; i < CLI_GROUPS && cli->command->groups[i] != NULL; i++) {
        const struct cli_option *option = cli->command->groups[i];

        for (; option->name != NULL; option++)
            if ((option->flags & CLI_REQUIRED) &&
                cli->values[option->id] == NULL)
                return mhsmi_error(err, MHSM_ERR_ARGUMENT, "--%s is missing",
                                   option->name);
    }
    if (cli->operand != NULL && cli->values[CLI_IN] != NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "%s and --in %s: only one input", cli->operand,
                           cli->values[CLI_IN]);
    return MHSM_OK;
}

mhsm_status cli_parse(struct cli *cli, int argc, char **argv, mhsm_error **err)
{
    mhsm_status st = MHSM_OK;
    int only_words = 0, i;

    for (i = 1 + parse_first(cli, argc, argv, err); i < argc; i++) {
        const char *word = argv[i];

        if (!only_words && strcmp(word, "--") == 0)
            only_words = 1;
        else if (!only_words && word[0] == '-' && word[1] != 0)
            st = parse_option(cli, argc, argv, &i, err);
        else
            st = parse_word(cli, word, err);
        if (st != MHSM_OK)
            break;
    }
    if (st == MHSM_OK && cli->action == CLI_RUN)
        st = check_complete(cli, err);
    if (st != MHSM_OK)
        hint_help(cli, err);
    return st;
}
