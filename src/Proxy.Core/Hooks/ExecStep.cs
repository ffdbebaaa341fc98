using System.ComponentModel;
using Microsoft.Extensions.Logging;
using Proxy.Hooks.Processes;

namespace Proxy.Hooks;

/// <summary>
/// Runs a program, which is killed with all it started when its time is up. Exit code 0 is success. A program that ends by itself
/// leaves running what it started, so a step may start a service.
/// </summary>
internal sealed partial class ExecStep(IReadOnlyList<string> command, TimeProvider time, ILogger<ExecStep> logger) : IHookStep
{
    // What it wrote last is in the pipes still; what it left running may hold them open for ever.
    private static readonly TimeSpan _outputLimit = TimeSpan.FromMilliseconds(500);

    public string Text { get; } = $"Exec {Printable.Shorten(command[0])}";

    public async ValueTask<string?> RunAsync(HookEvent hookEvent, CancellationToken cancellationToken)
    {
        var payload = HookPayload.Of(hookEvent);
        try
        {
            using var child = ChildProcess.Start(new ChildCommand(command, payload.ToEnvironment()), time);
            _ = WriteAsync(child.Input, payload.ToJson());
            return await WatchAsync(child, hookEvent.Route, cancellationToken);
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

    private async Task<string?> WatchAsync(IChildProcess child, string route, CancellationToken cancellationToken)
    {
        var output = new ProcessOutput((stream, line) => Log.Line(logger, route, Text, stream, line));
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
            await KillAsync(child, route);
            await SettleAsync(reading);
            await stop.CancelAsync();
            throw;
        }
        finally
        {
            WriteDropped(output, route);
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

    private async Task KillAsync(IChildProcess child, string route)
    {
        if (!await child.KillAsync())
        {
            Log.Alive(logger, route, Text);
        }
    }

    private static string Failure(int exitCode, string? lastError)
    {
        var reason = exitCode < 0 ? "ended with an exit code that nobody can know: SIGCHLD is ignored" : $"ended with exit code {exitCode}";
        return lastError is null ? reason : $"{reason}: {lastError}";
    }

    private void WriteDropped(ProcessOutput output, string route)
    {
        if (output.Dropped is var lines and > 0)
        {
            Log.Dropped(logger, route, Text, lines);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Route {Route}: {Step} {Stream}: {Line}")]
        public static partial void Line(ILogger logger, string route, string step, string stream, string line);

        [LoggerMessage(LogLevel.Warning, "Route {Route}: {Step} wrote {Lines} more lines, which are dropped.")]
        public static partial void Dropped(ILogger logger, string route, string step, long lines);

        [LoggerMessage(LogLevel.Error, "Route {Route}: {Step} was killed, and something of it is alive all the same.")]
        public static partial void Alive(ILogger logger, string route, string step);
    }
}
