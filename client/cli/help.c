/* SPDX-License-Identifier: MIT
 *
 * --help at each level, from the tables: all commands, those of one noun, one
 * command.  Must not say anything that the tables do not.
 */
#include <string.h>

#include "cli/cli.h"

enum { WIDTH = 79, HELP_COLUMN = 24 };

/* A long list of choices may be broken behind each bar. */
void cli_fold(FILE *stream, const char *text, size_t at, size_t indent)
{
    size_t start = at;
    int apart = 1;

    while (*text != 0) {
        size_t size = strcspn(text, " \n|");

        size += text[size] == '|';
        if (at > start && at + (size_t)apart + size > WIDTH) {
            fprintf(stream, "\n%*s", (int)indent, "");
            at = start = indent;
        }
        if (at > start && apart) {
            fputc(' ', stream);
            at++;
        }
        fprintf(stream, "%.*s", (int)size, text);
        at += size;
        text += size;
        apart = text[0] == ' ' || text[0] == '\n';
        if (text[0] == '\n' && text[1] == '\n') {
            fprintf(stream, "\n\n%*s", (int)indent, "");
            at = start = indent;
        }
        text += strspn(text, " \n");
    }
    fputc('\n', stream);
}

/* "  left", then help from HELP_COLUMN. */
static void row(FILE *stream, const char *left, const char *help)
{
    size_t size = strlen(left) + 2;

    fprintf(stream, "  %s", left);
    if (size + 2 > HELP_COLUMN) {
        fputc('\n', stream);
        size = 0;
    }
    fprintf(stream, "%*s", (int)(HELP_COLUMN - size), "");
    cli_fold(stream, help, HELP_COLUMN, HELP_COLUMN);
}

static void option_row(FILE *stream, const struct cli_option *option)
{
    char left[96], help[512];
    char letter[5] = "";

    if (option->letter != 0)
        snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    snprintf(left, sizeof(left), "%s--%s%s%s", letter, option->name,
             option->argument ? " " : "",
             option->argument ? option->argument : "");
    snprintf(help, sizeof(help), "%s%s%s%s", option->help,
             option->choices ? " (" : "",
             option->choices ? option->choices : "",
             option->choices ? ")" : "");
    row(stream, left, help);
}

static void option_rows(FILE *stream, const struct cli_option *group)
{
    for (; group->name != NULL; group++)
        option_row(stream, group);
}

static void setting_rows(FILE *stream)
{
    const mhsm_option *option;
    char left[96], help[768];
    size_t i;

    for (i = 0; (option = mhsm_option_at(i)) != NULL; i++) {
        const char *value = cli_default_of(option);

        snprintf(left, sizeof(left), "--%s %s", option->name,
                 option->argument ? option->argument : "VALUE");
        snprintf(help, sizeof(help), "%s%s%s%s [%s%s%s%s%s]", option->help,
                 option->choices ? " (" : "",
                 option->choices ? option->choices : "",
                 option->choices ? ")" : "", option->variable,
                 option->alias ? ", " : "", option->alias ? option->alias : "",
                 value ? "; default " : "", value ? value : "");
        row(stream, left, help);
    }
}

/* Is the command of this noun, or of one below it? */
static int is_of(const struct cli_command *command, const struct cli_noun *noun)
{
    size_t size = strlen(noun->name);

    return command->noun != NULL &&
           strncmp(command->noun, noun->name, size) == 0 &&
           (command->noun[size] == 0 || command->noun[size] == ' ');
}

static void command_rows(FILE *stream, const struct cli_noun *noun)
{
    const struct cli_command *command;
    size_t i;

    for (i = 0; (command = cli_command_at(i)) != NULL; i++) {
        char left[64];

        if (noun != NULL && !is_of(command, noun))
            continue;
        snprintf(left, sizeof(left), "%s%s%s",
                 command->noun ? command->noun : "", command->noun ? " " : "",
                 command->verb);
        row(stream, left, command->summary);
    }
}

static void help_all(FILE *stream)
{
    const struct cli_exit_row *exits;

    fputs("usage: mhsm COMMAND [options]\n\n"
          "Keys in Azure Managed HSM: make them, use them, remove them.\n\n"
          "Commands:\n",
          stream);
    command_rows(stream, NULL);
    fputs("\nOptions of every command:\n", stream);
    option_rows(stream, cli_global_options);
    fputs("\nOptions of the client, for every command; also read from the "
          "environment and\nfrom the mhsm section of openssl.cnf:\n",
          stream);
    setting_rows(stream);
    fputs("\nExit status:\n", stream);
    for (exits = cli_exits; exits->help != NULL; exits++) {
        char code[16];

        snprintf(code, sizeof(code), "%d", (int)exits->code);
        row(stream, code, exits->help);
    }
    fputs("\nmhsm COMMAND --help tells more.\n", stream);
}

static void help_noun(FILE *stream, const struct cli_noun *noun)
{
    fprintf(stream, "usage: mhsm %s COMMAND [options]\n\n%s.\n\nCommands:\n",
            noun->name, noun->summary);
    command_rows(stream, noun);
    fprintf(stream, "\nmhsm %s COMMAND --help tells more.\n", noun->name);
}

static const struct cli_option *has(const struct cli_command *command,
                                    enum cli_option_id id)
{
    const struct cli_option *option;
    size_t i;

    for (i = 0; i < CLI_GROUPS && command->groups[i] != NULL; i++)
        for (option = command->groups[i]; option->name != NULL; option++)
            if (option->id == id)
                return option;
    return NULL;
}

static void usage(FILE *stream, const struct cli_command *command)
{
    const struct cli_option *option;
    size_t i;

    fprintf(stream, "usage: mhsm %s%s%s", command->noun ? command->noun : "",
            command->noun ? " " : "", command->verb);
    if (has(command, CLI_ID) != NULL)
        fputs(" (--name NAME | --id URI)", stream);
    for (i = 0; i < CLI_GROUPS && command->groups[i] != NULL; i++)
        for (option = command->groups[i]; option->name != NULL; option++)
            if (option->flags & CLI_REQUIRED)
                fprintf(stream, " --%s %s", option->name, option->argument);
    fputs(" [options]", stream);
    if (command->operand != NULL)
        fprintf(stream, " [%s]", command->operand);
    fputc('\n', stream);
}

static void help_command(FILE *stream, const struct cli_command *command)
{
    size_t i;

    usage(stream, command);
    fprintf(stream, "\n%s.\n", command->summary);
    if (command->details != NULL) {
        fputc('\n', stream);
        cli_fold(stream, command->details, 0, 0);
    }
    if (command->operand != NULL) {
        fputc('\n', stream);
        row(stream, command->operand, command->operand_help);
    }
    if (command->groups[0] != NULL)
        fputs("\nOptions:\n", stream);
    for (i = 0; i < CLI_GROUPS && command->groups[i] != NULL; i++)
        option_rows(stream, command->groups[i]);
    fputs("\nOptions of every command:\n", stream);
    option_rows(stream, cli_global_options);
    fputs("\nAlso any option of the client, which mhsm --help lists.\n",
          stream);
}

void cli_help(FILE *stream, const struct cli *cli)
{
    if (cli->command != NULL)
        help_command(stream, cli->command);
    else if (cli->noun != NULL)
        help_noun(stream, cli->noun);
    else
        help_all(stream);
}
