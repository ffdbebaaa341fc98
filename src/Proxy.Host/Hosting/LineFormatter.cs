using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Proxy.Configuration.Reading;

namespace Proxy.Host.Hosting;

/// <summary>
/// Writes a log record as one line: time, level and message, and the category that <c>Logging:LogLevel</c> names, except for what the program
/// itself reports at the level Information. For the journal of systemd, which adds the time, a line begins with its priority instead
/// (sd-daemon(3)). The lines of an exception follow, indented.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="colors">The colors of standard error.</param>
/// <param name="forJournal">Whether the journal of systemd reads standard error.</param>
internal sealed class LineFormatter(TimeProvider time, TerminalColors colors, bool forJournal) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "line";

    private const string JournalVariable = "JOURNAL_STREAM";
    private const string Own = "Proxy.";
    private const string Indent = "    ";

    public LineFormatter(TimeProvider time)
        : this(
            time,
            TerminalColors.Error,
            Console.IsErrorRedirected && !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(JournalVariable))
        ) { }

    /// <summary>Makes standard error the place of the log, in this format.</summary>
    public static void AddTo(ILoggingBuilder logging)
    {
        logging.AddConsole(static console =>
        {
            console.FormatterName = FormatterName;
            console.LogToStandardErrorThreshold = LogLevel.Trace; // standard output belongs to the access log
            console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite; // a blocked console must not delay connections
        });
        logging.Services.AddSingleton<ConsoleFormatter>(static services => new LineFormatter(services.GetRequiredService<TimeProvider>()));
    }

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(forJournal ? $"<{Priority(logEntry.LogLevel)}>" : $"{colors.Faint(Now())} {Word(logEntry.LogLevel)} ");
        textWriter.Write(OneLine(message));
        if (logEntry.LogLevel != LogLevel.Information || !logEntry.Category.StartsWith(Own, StringComparison.Ordinal))
        {
            textWriter.Write(colors.Faint($" ({logEntry.Category})"));
        }

        textWriter.Write(Environment.NewLine);
        foreach (var line in (logEntry.Exception?.ToString() ?? "").Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            textWriter.Write($"{(forJournal ? $"<{Priority(logEntry.LogLevel)}>" : "")}{Indent}{OneLine(line)}{Environment.NewLine}");
        }
    }

    // A message may contain text of others, which must not end the line or control the terminal.
    private static string OneLine(string text) =>
        Printable.Escape(string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries)), tabs: true);

    private static int Priority(LogLevel level) =>
        level switch
        {
            LogLevel.Critical => 2,
            LogLevel.Error => 3,
            LogLevel.Warning => 4,
            LogLevel.Information => 6,
            _ => 7,
        };

    private string Now() => time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private string Word(LogLevel level) =>
        level switch
        {
            LogLevel.Critical => colors.Bad("crit "),
            LogLevel.Error => colors.Bad("error"),
            LogLevel.Warning => colors.Warning("warn "),
            LogLevel.Information => colors.Good("info "),
            LogLevel.Debug => "debug",
            _ => "trace",
        };
}
