/* SPDX-License-Identifier: MIT
 *
 * The completion for zsh, by its own _arguments and _describe, so that each
 * word comes with what it means.
 */
#include <string.h>

#include "cli/completion.h"

/* Text within single quotes, with what _arguments and _describe would take for
 * themselves escaped. */
static void put(FILE *stream, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '\'')
            fputs("'\\''", stream);
        else if (strchr(":[]\\", *text) != NULL)
            fprintf(stream, "\\%c", *text);
        else
            fputc(*text, stream);
    }
}

static void value(FILE *stream, enum cli_complete what, const char *argument,
                  const char *choices)
{
    if (what == CLI_COMPLETE_NONE)
        return;
    fputc(':', stream);
    put(stream, argument != NULL ? argument : "VALUE");
    fputc(':', stream);
    if (what == CLI_COMPLETE_FILE) {
        fputs("_files", stream);
    } else if (what == CLI_COMPLETE_CHOICES) {
        fputc('(', stream);
        cli_complete_choices(stream, choices, " ");
        fputc(')', stream);
    } else {
        fputc(' ', stream);
    }
}

/* '*--name[What it is]:NAME: ' */
static void options(FILE *stream, const struct cli_option *group,
                    const char *indent)
{
    for (; group->name != NULL; group++) {
        enum cli_complete what = cli_complete_option(group);
        const char *many = group->flags & CLI_REPEATED ? "*" : "";
        const char *joined = what == CLI_COMPLETE_NONE ? "" : "=";

        fprintf(stream, "%s'%s--%s%s[", indent, many, group->name, joined);
        put(stream, group->help);
        fputc(']', stream);
        value(stream, what, group->argument, group->choices);
        fputs("' \\\n", stream);
        if (group->letter == 0)
            continue;
        fprintf(stream, "%s'%s-%c%s[", indent, many, group->letter,
                what == CLI_COMPLETE_NONE ? "" : "+");
        put(stream, group->help);
        fputc(']', stream);
        value(stream, what, group->argument, group->choices);
        fputs("' \\\n", stream);
    }
}

static void settings(FILE *stream)
{
    const mhsm_option *setting;
    size_t i;

    fputs("_mhsm_settings=(\n", stream);
    for (i = 0; (setting = mhsm_option_at(i)) != NULL; i++) {
        const char *choices;
        enum cli_complete what = cli_complete_setting(setting, &choices);

        fprintf(stream, "    '--%s=[", setting->name);
        put(stream, setting->help);
        fputc(']', stream);
        value(stream, what, setting->argument, choices);
        fputs("'\n", stream);
    }
    fputs(")\n", stream);
}

/* The words below the noun `above` (NULL: none), each with its meaning. */
static void words(FILE *stream, const struct cli_noun *above)
{
    size_t i, size = above != NULL ? strlen(above->name) : 0;
    const struct cli_command *command;
    const struct cli_noun *noun;

    fputs(" list=(", stream);
    for (i = 0; (command = cli_command_at(i)) != NULL; i++) {
        if (above == NULL ? command->noun != NULL
                          : command->noun == NULL ||
                                strcmp(command->noun, above->name) != 0)
            continue;
        fprintf(stream, "\n        '%s:", command->verb);
        put(stream, command->summary);
        fputc('\'', stream);
    }
    for (noun = cli_nouns; noun->name != NULL; noun++) {
        const char *rest = noun->name;

        if (above == NULL
                ? strchr(rest, ' ') != NULL
                : strncmp(rest, above->name, size) != 0 || rest[size] != ' ')
            continue;
        fprintf(stream,
                "\n        '%s:", above != NULL ? rest + size + 1 : rest);
        put(stream, noun->summary);
        fputc('\'', stream);
    }
    fputs(") ;;\n", stream);
}

static void arguments(FILE *stream, const struct cli_command *command)
{
    size_t i;

    fputs("    '", stream);
    cli_complete_path(stream, command);
    fputs("')\n        _arguments -s \\\n", stream);
    for (i = 0; i < CLI_GROUPS && command->groups[i] != NULL; i++)
        options(stream, command->groups[i], "            ");
    options(stream, cli_global_options, "            ");
    if (command->operand != NULL)
        fprintf(stream, "            '1:%s:%s' \\\n", command->operand,
                strcmp(command->operand, "FILE") == 0 ? "_files"
                                                      : "(" CLI_SHELLS ")");
    fputs("            $_mhsm_settings\n        return ;;\n", stream);
}

void cli_completion_zsh(FILE *stream)
{
    const struct cli_command *command;
    const struct cli_noun *noun;
    size_t i;

    fputs("#compdef mhsm\n"
          "# zsh completion of mhsm; written by: mhsm completion zsh\n"
          "local -a list _mhsm_settings\n"
          "local path_ next\n"
          "local -i at=2\n",
          stream);
    settings(stream);
    fputs("[[ $words[2] != help ]] || (( at++ ))\n"
          "while (( at < CURRENT )); do\n"
          "    next=${path_:+$path_ }$words[at]\n"
          "    case $next in\n"
          "    (",
          stream);
    for (noun = cli_nouns; noun->name != NULL; noun++)
        fprintf(stream, "'%s'|", noun->name);
    for (i = 0; (command = cli_command_at(i)) != NULL; i++) {
        fputs(i != 0 ? "|'" : "'", stream);
        cli_complete_path(stream, command);
        fputc('\'', stream);
    }
    fputs(") path_=$next ;;\n"
          "    (*) break ;;\n"
          "    esac\n"
          "    (( at++ ))\n"
          "done\n"
          "words=(\"${(@)words[1,1]}\" \"${(@)words[at,-1]}\")\n"
          "(( CURRENT -= at - 2 ))\n"
          "case $path_ in\n"
          "    '')",
          stream);
    words(stream, NULL);
    for (noun = cli_nouns; noun->name != NULL; noun++) {
        fprintf(stream, "    '%s')", noun->name);
        words(stream, noun);
    }
    for (i = 0; (command = cli_command_at(i)) != NULL; i++)
        arguments(stream, command);
    fputs("esac\n"
          "_describe command list\n",
          stream);
}
