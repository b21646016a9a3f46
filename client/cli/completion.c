/* SPDX-License-Identifier: MIT
 *
 * mhsm completion: a script for the shell that completes commands, options and
 * their values, written from the tables.  It asks nobody: no key's name is
 * looked up behind a TAB.
 */
#include "cli/completion.h"

#include <string.h>

enum cli_complete cli_complete_option(const struct cli_option *option)
{
    if (option->argument == NULL)
        return CLI_COMPLETE_NONE;
    if (option->choices != NULL)
        return CLI_COMPLETE_CHOICES;
    return strcmp(option->argument, "FILE") == 0 ? CLI_COMPLETE_FILE
                                                 : CLI_COMPLETE_ANY;
}

enum cli_complete cli_complete_setting(const mhsm_option *setting,
                                       const char **choices)
{
    *choices =
        setting->type == MHSM_OPTION_BOOLEAN ? "yes|no" : setting->choices;
    if (*choices != NULL)
        return CLI_COMPLETE_CHOICES;
    return setting->argument != NULL && strcmp(setting->argument, "FILE") == 0
               ? CLI_COMPLETE_FILE
               : CLI_COMPLETE_ANY;
}

void cli_complete_choices(FILE *stream, const char *choices,
                          const char *between)
{
    for (; *choices != 0; choices++) {
        if (*choices == '|')
            fputs(between, stream);
        else
            fputc(*choices, stream);
    }
}

void cli_complete_path(FILE *stream, const struct cli_command *command)
{
    fprintf(stream, "%s%s%s", command->noun != NULL ? command->noun : "",
            command->noun != NULL ? " " : "", command->verb);
}

/* The words that may follow the noun `above` (NULL: none). */
static void bash_words(FILE *stream, const struct cli_noun *above)
{
    size_t i, size = above != NULL ? strlen(above->name) : 0;
    const struct cli_command *command;
    const struct cli_noun *noun;

    for (i = 0; (command = cli_command_at(i)) != NULL; i++) {
        if (above == NULL ? command->noun == NULL
                          : command->noun != NULL &&
                                strcmp(command->noun, above->name) == 0)
            fprintf(stream, " %s", command->verb);
    }
    for (noun = cli_nouns; noun->name != NULL; noun++) {
        if (above == NULL && strchr(noun->name, ' ') == NULL)
            fprintf(stream, " %s", noun->name);
        else if (above != NULL && strncmp(noun->name, above->name, size) == 0 &&
                 noun->name[size] == ' ')
            fprintf(stream, " %s", noun->name + size + 1);
    }
}

static void bash_options(FILE *stream, const struct cli_option *group)
{
    for (; group->name != NULL; group++)
        fprintf(stream, " --%s", group->name);
}

/* Every word or pair of words that leads on: 'key'|'key create'|... */
static void bash_paths(FILE *stream)
{
    const struct cli_command *command;
    const struct cli_noun *noun;
    size_t i;

    for (noun = cli_nouns; noun->name != NULL; noun++)
        fprintf(stream, "'%s' | ", noun->name);
    for (i = 0; (command = cli_command_at(i)) != NULL; i++) {
        fputs(i != 0 ? " | '" : "'", stream);
        cli_complete_path(stream, command);
        fputc('\'', stream);
    }
}

static void bash_value(FILE *stream, enum cli_complete what,
                       const char *choices)
{
    if (what == CLI_COMPLETE_CHOICES) {
        fputs(" words='", stream);
        cli_complete_choices(stream, choices, " ");
        fputs("' ;;\n", stream);
    } else {
        fprintf(stream, " words='%s' ;;\n",
                what == CLI_COMPLETE_FILE ? "FILE" : "");
    }
}

/* A row for each option that takes a value: 'PATH --name' | 'PATH -n'). */
static void bash_values(FILE *stream, const struct cli_command *command,
                        const struct cli_option *group)
{
    for (; group->name != NULL; group++) {
        enum cli_complete what = cli_complete_option(group);

        if (what == CLI_COMPLETE_NONE)
            continue;
        fputs("    ", stream);
        if (command == NULL) {
            fprintf(stream, "*' --%s'", group->name);
            if (group->letter != 0)
                fprintf(stream, " | *' -%c'", group->letter);
        } else {
            fputc('\'', stream);
            cli_complete_path(stream, command);
            fprintf(stream, " --%s'", group->name);
            if (group->letter != 0) {
                fputs(" | '", stream);
                cli_complete_path(stream, command);
                fprintf(stream, " -%c'", group->letter);
            }
        }
        fputc(')', stream);
        bash_value(stream, what, group->choices);
    }
}

static void bash_all_values(FILE *stream)
{
    const struct cli_command *command;
    const mhsm_option *setting;
    size_t i, j;

    for (i = 0; (command = cli_command_at(i)) != NULL; i++)
        for (j = 0; j < CLI_GROUPS && command->groups[j] != NULL; j++)
            bash_values(stream, command, command->groups[j]);
    bash_values(stream, NULL, cli_global_options);
    for (i = 0; (setting = mhsm_option_at(i)) != NULL; i++) {
        const char *choices;
        enum cli_complete what = cli_complete_setting(setting, &choices);

        fprintf(stream, "    *' --%s')", setting->name);
        bash_value(stream, what, choices);
    }
}

static void bash_all_words(FILE *stream)
{
    const struct cli_command *command;
    const struct cli_noun *noun;
    size_t i, j;

    fputs("    '') words='help", stream);
    bash_words(stream, NULL);
    fputs("' ;;\n", stream);
    for (noun = cli_nouns; noun->name != NULL; noun++) {
        fprintf(stream, "    '%s') words='", noun->name);
        bash_words(stream, noun);
        fputs("' ;;\n", stream);
    }
    for (i = 0; (command = cli_command_at(i)) != NULL; i++) {
        fputs("    '", stream);
        cli_complete_path(stream, command);
        fprintf(stream, "') operand='%s' words='",
                command->operand != NULL ? command->operand : "");
        if (command->operand != NULL && strcmp(command->operand, "SHELL") == 0)
            fputs(CLI_SHELLS, stream);
        for (j = 0; j < CLI_GROUPS && command->groups[j] != NULL; j++)
            bash_options(stream, command->groups[j]);
        fputs("' ;;\n", stream);
    }
}

/* bash hands over --name=VALUE as three words. */
void cli_completion_bash(FILE *stream)
{
    const mhsm_option *setting;
    size_t i;

    fputs("# bash completion of mhsm; written by: mhsm completion bash\n"
          "_mhsm() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]}\n"
          "    local prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local path='' next='' operand='' words='' i\n"
          "    COMPREPLY=()\n"
          "    [[ $cur != '=' ]] || cur=''\n"
          "    [[ $prev != '=' ]] || prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        next=${path:+$path }${COMP_WORDS[i]}\n"
          "        case $next in\n"
          "        help) ;;\n"
          "        ",
          stream);
    bash_paths(stream);
    fputs(") path=$next ;;\n"
          "        *) break ;;\n"
          "        esac\n"
          "    done\n"
          "    case \"$path $prev\" in\n",
          stream);
    bash_all_values(stream);
    fputs("    *) prev='' ;;\n"
          "    esac\n"
          "    if [[ -n $prev ]]; then\n"
          "        [[ $words != FILE ]] || compopt -o default\n"
          "        [[ $words == FILE || -z $words ]] ||\n"
          "            mapfile -t COMPREPLY < <(compgen -W \"$words\" -- "
          "\"$cur\")\n"
          "        return\n"
          "    fi\n"
          "    case $path in\n",
          stream);
    bash_all_words(stream);
    fputs("    esac\n"
          "    if [[ $cur == -* ]]; then\n"
          "        words+='",
          stream);
    bash_options(stream, cli_global_options);
    for (i = 0; (setting = mhsm_option_at(i)) != NULL; i++)
        fprintf(stream, " --%s", setting->name);
    fputs("'\n"
          "    elif [[ $operand == FILE ]]; then\n"
          "        compopt -o default\n"
          "        return\n"
          "    fi\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
          "}\n"
          "complete -F _mhsm mhsm\n",
          stream);
}

mhsm_status cli_completion(struct cli *cli, mhsm_error **err)
{
    const char *shell = cli->operand;

    if (shell == NULL)
        return mhsmi_error(err, MHSM_ERR_ARGUMENT, "which shell? bash or zsh");
    if (strcmp(shell, "bash") == 0)
        cli_completion_bash(stdout);
    else if (strcmp(shell, "zsh") == 0)
        cli_completion_zsh(stdout);
    else
        return mhsmi_error(err, MHSM_ERR_ARGUMENT,
                           "there is no completion for %s: bash and zsh have "
                           "one",
                           shell);
    return MHSM_OK;
}
