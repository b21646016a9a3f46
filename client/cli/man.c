/* SPDX-License-Identifier: MIT
 *
 * mhsm(1) and a page a noun from the tables, in the man macros.  Run by the build, so it must
 * need no configuration, no network and no terminal, and its output must
 * depend on nothing but the tables.
 */
#include <string.h>

#include "cli/cli.h"

/* Text with what roff would take for itself escaped; paragraphs kept. */
static void put(FILE *stream, const char *text)
{
    const char *at;
    int line_start = 1;

    for (at = text; *at != 0; at++) {
        if (at[0] == '\n' && at[1] == '\n') {
            fputs("\n.PP\n", stream);
            at += strspn(at, "\n") - 1;
            line_start = 1;
            continue;
        }
        if (line_start && (*at == '.' || *at == '\''))
            fputs("\\&", stream);
        if (*at == '\\')
            fputs("\\e", stream);
        else if (*at == '-')
            fputs("\\-", stream);
        else
            fputc(*at, stream);
        line_start = *at == '\n';
    }
}

static void put_line(FILE *stream, const char *text)
{
    put(stream, text);
    fputc('\n', stream);
}

/* "a, b, c": a long list needs spaces to be broken at. */
static void put_choices(FILE *stream, const char *choices)
{
    char one[64];
    size_t size;

    while (*choices != 0) {
        size = strcspn(choices, "|");
        snprintf(one, sizeof(one), "%.*s", (int)size, choices);
        put(stream, one);
        choices += size;
        if (*choices == '|') {
            fputs(", ", stream);
            choices++;
        }
    }
}

static void option_entry(FILE *stream, const struct cli_option *option)
{
    fputs(".TP\n", stream);
    if (option->letter != 0)
        fprintf(stream, "\\fB\\-%c\\fR, ", option->letter);
    fputs("\\fB\\-\\-", stream);
    put(stream, option->name);
    fputs("\\fR", stream);
    if (option->argument != NULL) {
        fputs(" \\fI", stream);
        put(stream, option->argument);
        fputs("\\fR", stream);
    }
    fputc('\n', stream);
    put(stream, option->help);
    if (option->choices != NULL) {
        fputs(" (", stream);
        put_choices(stream, option->choices);
        fputc(')', stream);
    }
    fputs(".\n", stream);
}

static void option_entries(FILE *stream, const struct cli_option *group)
{
    for (; group->name != NULL; group++)
        option_entry(stream, group);
}

static void command_entry(FILE *stream, const struct cli_command *command)
{
    size_t i;

    fputs(".SS \"mhsm ", stream);
    put(stream, command->noun ? command->noun : "");
    fputs(command->noun ? " " : "", stream);
    put(stream, command->verb);
    if (command->operand != NULL)
        fprintf(stream, " [%s]", command->operand);
    fputs("\"\n", stream);
    put(stream, command->summary);
    fputs(".\n", stream);
    if (command->details != NULL) {
        fputs(".PP\n", stream);
        put_line(stream, command->details);
    }
    if (command->operand != NULL) {
        fprintf(stream, ".TP\n\\fI%s\\fR\n", command->operand);
        put(stream, command->operand_help);
        fputs(".\n", stream);
    }
    for (i = 0; i < CLI_GROUPS && command->groups[i] != NULL; i++)
        option_entries(stream, command->groups[i]);
}

static void setting_entries(FILE *stream)
{
    const mhsm_option *option;
    size_t i;

    for (i = 0; (option = mhsm_option_at(i)) != NULL; i++) {
        const char *value = cli_default_of(option);

        fputs(".TP\n\\fB\\-\\-", stream);
        put(stream, option->name);
        fputs("\\fR \\fI", stream);
        put(stream, option->argument ? option->argument : "VALUE");
        fputs("\\fR\n", stream);
        put_line(stream, option->help);
        if (option->choices != NULL) {
            fputs("One of ", stream);
            put_choices(stream, option->choices);
            fputs(".\n", stream);
        }
        fprintf(stream, "(%s%s%s", option->variable, option->alias ? ", " : "",
                option->alias ? option->alias : "");
        if (value != NULL) {
            fputs("; default ", stream);
            put(stream, value);
        }
        fputs(")\n", stream);
    }
}

static const char introduction[] =
    "mhsm makes, uses and removes keys in Azure Managed HSM. Private keys "
    "never leave the HSM.\n\n"
    "Results go to standard output, everything else to standard error. A "
    "failure is told with the service's request id and what to do about it; "
    "with -o json as one JSON object on standard error: {\"error\": "
    "{\"status\", \"exitStatus\", \"httpStatus\", \"code\", \"requestId\", "
    "\"message\", \"hint\"}}. Without -o json the layout is for people.";

static const char output_formats[] =
    "table, for people, fits the terminal; its layout may change.\n\n"
    "json keeps the members that the service gave, for lists one item a "
    "line; a list that was cut short by a failure has no closing bracket.\n\n"
    "tsv has no header and the columns that each command documents, in that "
    "order; times are ISO 8601 in UTC, what is absent is empty, and \\t, "
    "\\n, \\\\ and \\xNN stand for characters that would break a line.\n\n"
    "Signatures, ciphertexts and other octets follow --format. Raw octets "
    "are not written to a terminal. JSON results of octets have the "
    "members aad, alg, iv, kid, tag and value as far as they apply, in "
    "base64url, and are accepted as input by verify, decrypt and unwrap.";

static const char configuration[] =
    "Each option of the client comes from the command line, else from its "
    "environment variable, else from the section of the module mhsm in "
    "OpenSSL's configuration file (OPENSSL_CONF, else the system's), else it "
    "has its default. mhsm config show tells the value in force and its "
    "origin. Secrets are never given as values: an option that needs one "
    "takes file:PATH or env:NAME.";

static const char examples[] =
    ".nf\n"
    "mhsm key create \\-\\-name ca \\-\\-kty RSA \\-\\-size 3072\n"
    "mhsm sign \\-\\-name ca \\-a RS256 \\-\\-out file.sig file\n"
    "mhsm verify \\-\\-name ca \\-a RS256 \\-\\-signature file.sig file\n"
    "mhsm wrap \\-\\-name kek \\-\\-format json \\-\\-out dek.json dek\n"
    "mhsm unwrap \\-\\-out dek dek.json\n"
    "mhsm random \\-\\-count 16 \\-\\-format hex\n"
    ".fi\n";

static int is_page_of(const struct cli_command *command, const char *noun)
{
    size_t size = noun != NULL ? strlen(noun) : 0;

    if (noun == NULL || command->noun == NULL)
        return noun == NULL && command->noun == NULL;
    return strncmp(command->noun, noun, size) == 0 &&
           (command->noun[size] == 0 || command->noun[size] == ' ');
}

static void command_entries(FILE *stream, const char *noun)
{
    const struct cli_command *command;
    size_t i;

    for (i = 0; (command = cli_command_at(i)) != NULL; i++)
        if (is_page_of(command, noun))
            command_entry(stream, command);
}

/* "mhsm-key(1)  Create, list and remove keys", a noun each. */
static void page_entries(FILE *stream)
{
    const struct cli_noun *noun;

    for (noun = cli_nouns; noun->name != NULL; noun++) {
        if (strchr(noun->name, ' ') != NULL)
            continue;
        fputs(".TP\n.BR mhsm\\-", stream);
        put(stream, noun->name);
        fputs(" (1)\n", stream);
        put(stream, noun->summary);
        fputs(".\n", stream);
    }
}

static void exit_entries(FILE *stream)
{
    const struct cli_exit_row *exits;

    fputs(".SH \"EXIT STATUS\"\n", stream);
    for (exits = cli_exits; exits->help != NULL; exits++) {
        fprintf(stream, ".TP\n\\fB%d\\fR\n", (int)exits->code);
        put_line(stream, exits->help);
    }
}

static void noun_page(FILE *stream, const struct cli_noun *noun)
{
    char title[64];
    size_t i;

    for (i = 0; i + 1 < sizeof(title) && noun->name[i] != '\0'; i++)
        title[i] = (char)(noun->name[i] >= 'a' ? noun->name[i] - 'a' + 'A'
                                               : noun->name[i]);
    title[i] = '\0';
    fputs(".TH MHSM\\-", stream);
    put(stream, title);
    fprintf(stream, " 1 \"\" \"mhsm %s\" \"User Commands\"\n.SH NAME\nmhsm\\-",
            MHSM_VERSION);
    put(stream, noun->name);
    fputs(" \\- ", stream);
    put_line(stream, noun->summary);
    fputs(".SH SYNOPSIS\n.B mhsm ", stream);
    put_line(stream, noun->name);
    fputs(".I command\n[\\fIoptions\\fR]\n.SH COMMANDS\n", stream);
    command_entries(stream, noun->name);
    fputs(".SH OPTIONS\nOf every command; those of the client are in\n"
          ".BR mhsm (1):\n",
          stream);
    option_entries(stream, cli_global_options);
    exit_entries(stream);
    fputs(".SH \"SEE ALSO\"\n.BR mhsm (1)\n", stream);
}

void cli_man(FILE *stream, const struct cli_noun *noun)
{
    if (noun != NULL) {
        noun_page(stream, noun);
        return;
    }
    fprintf(stream,
            ".TH MHSM 1 \"\" \"mhsm %s\" \"User Commands\"\n"
            ".SH NAME\nmhsm \\- keys in Azure Managed HSM\n"
            ".SH SYNOPSIS\n.B mhsm\n.I command\n[\\fIoptions\\fR]\n"
            ".SH DESCRIPTION\n",
            MHSM_VERSION);
    put_line(stream, introduction);
    fputs(".SH COMMANDS\nThose of a noun are on a page of their own:\n",
          stream);
    page_entries(stream);
    command_entries(stream, NULL);
    fputs(".SH OPTIONS\nOf every command:\n", stream);
    option_entries(stream, cli_global_options);
    fputs(".SH OUTPUT\n", stream);
    put_line(stream, output_formats);
    fputs(".SH CONFIGURATION\n", stream);
    put_line(stream, configuration);
    setting_entries(stream);
    exit_entries(stream);
    fputs(".SH EXAMPLES\n", stream);
    fputs(examples, stream);
    fputs(".SH \"SEE ALSO\"\n.BR openssl (1),\n.BR config (5ssl)\n", stream);
}
