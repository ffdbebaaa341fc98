using System.ComponentModel;
using Microsoft.Extensions.Logging;
using Proxy.Configuration.Reading;
using Proxy.Hooks.Processes;

namespace Proxy.Hooks;

/// <summary>
/// Runs a program, and kills it with all its descendants when its time is over. Exit code 0 is success. A program that ends by itself may
/// leave processes running, such as a service that it starts. Secrets of the configuration are masked in what it prints.
/// </summary>
internal sealed partial class ProgramRunner(IReadOnlyList<string> command, SecretValues secrets, TimeProvider time, ILogger logger)
{
    // The last output is still in the pipes, but processes left running may hold them open for ever.
    private static readonly TimeSpan _outputLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>A description for people; contains no secret.</summary>
    public string Text { get; } = $"Exec {Printable.Shorten(command[0])}";

    /// <summary>Runs the program until it ends.</summary>
    /// <param name="subject">The subject of its log lines.</param>
    /// <param name="environment">Variables in addition to those of this process, of which those that configure it are left out.</param>
    /// <param name="input">The bytes for its standard input.</param>
    /// <param name="cancellationToken">Kills the program.</param>
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

    // The program may ignore its input.
    private static async Task WriteAsync(Stream input, byte[] json)
    {
        try
        {
            await input.WriteAsync(json);
            await input.DisposeAsync();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The program has closed its input or has ended.
        }
    }

    private async Task<string?> WatchAsync(IChildProcess child, string subject, CancellationToken cancellationToken)
    {
        var output = new ProcessOutput(secrets, (stream, line) => Log.Line(logger, subject, Text, stream, line));
        // Not disposed, since a service that the program started may write long after the step, and has to be read.
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
            // Another process still holds the pipes.
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

        [LoggerMessage(LogLevel.Warning, "{Subject}: {Step} wrote {Lines} more lines than are logged; they were dropped.")]
        public static partial void Dropped(ILogger logger, string subject, string step, long lines);

        [LoggerMessage(LogLevel.Error, "{Subject}: {Step} was killed, but processes that it started are still alive; end them by hand.")]
        public static partial void Alive(ILogger logger, string subject, string step);
    }
}
