using System.ComponentModel;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Reading;
using Proxy.Hooks.Processes;

namespace Proxy.Hooks;

/// <summary>
/// Runs a program, which is killed with all it started when its time is up. Exit code 0 is success. A program that ends by itself
/// leaves running what it started, so it may start a service.
/// </summary>
internal sealed partial class ProgramRunner(IReadOnlyList<string> command, TimeProvider time, ILogger logger)
{
    // What it wrote last is in the pipes still; what it left running may hold them open for ever.
    private static readonly TimeSpan _outputLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>What it does, for people; holds no secret.</summary>
    public string Text { get; } = $"Exec {Printable.Shorten(command[0])}";

    /// <summary>Runs it to its end.</summary>
    /// <param name="subject">What it is about, for the log.</param>
    /// <param name="environment">Its own variables.</param>
    /// <param name="input">What it may read.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Null, or why it failed.</returns>
    public async ValueTask<string?> RunAsync(
        string subject,
        IReadOnlyDictionary<string, string> environment,
        byte[] input,
        CancellationToken cancellationToken
    )
    {
        try
        {
            using var child = ChildProcess.Start(new ChildCommand(command, environment), time);
            _ = WriteAsync(child.Input, input);
            return await WatchAsync(child, subject, cancellationToken);
        }
        catch (Win32Exception exception)
        {
            return $"cannot be started: {exception.Message}";
        }
    }

    // A program need not read its input.
    private static async Task WriteAsync(Stream input, byte[] json)
    {
        try
        {
            await input.WriteAsync(json);
            await input.DisposeAsync();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // It has closed it, or has ended.
        }
    }

    private async Task<string?> WatchAsync(IChildProcess child, string subject, CancellationToken cancellationToken)
    {
        var output = new ProcessOutput((stream, line) => Log.Line(logger, subject, Text, stream, line));
        // Not disposed: a service that was started may write, and has to be read, long after the step.
        var stop = new CancellationTokenSource();
        var reading = Task.WhenAll(output.ReadOutputAsync(child.Output, stop.Token), output.ReadErrorsAsync(child.Errors, stop.Token));
        try
        {
            var exitCode = await child.Exited.WaitAsync(cancellationToken);
            await SettleAsync(reading);
            return exitCode == 0 ? null : Failure(exitCode, output.LastError);
        }
        catch (OperationCanceledException)
        {
            await KillAsync(child, subject);
            await SettleAsync(reading);
            await stop.CancelAsync();
            throw;
        }
        finally
        {
            WriteDropped(output, subject);
        }
    }

    private async Task SettleAsync(Task reading)
    {
        try
        {
            await reading.WaitAsync(_outputLimit, time);
        }
        catch (TimeoutException)
        {
            // Something else holds the pipes.
        }
    }

    private async Task KillAsync(IChildProcess child, string subject)
    {
        if (!await child.KillAsync())
        {
            Log.Alive(logger, subject, Text);
        }
    }

    private static string Failure(int exitCode, string? lastError)
    {
        var reason = exitCode < 0 ? "ended with an unknown exit code: SIGCHLD is ignored" : $"ended with exit code {exitCode}";
        return lastError is null ? reason : $"{reason}: {lastError}";
    }

    private void WriteDropped(ProcessOutput output, string subject)
    {
        if (output.Dropped is var lines and > 0)
        {
            Log.Dropped(logger, subject, Text, lines);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Subject}: {Step} {Stream}: {Line}")]
        public static partial void Line(ILogger logger, string subject, string step, string stream, string line);

        [LoggerMessage(LogLevel.Warning, "{Subject}: {Step} wrote {Lines} more lines, which are dropped.")]
        public static partial void Dropped(ILogger logger, string subject, string step, long lines);

        [LoggerMessage(LogLevel.Error, "{Subject}: {Step} was killed, and something of it is alive all the same.")]
        public static partial void Alive(ILogger logger, string subject, string step);
    }
}
