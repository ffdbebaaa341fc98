using System.Diagnostics;

namespace Proxy.Hooks.Processes;

/// <summary>A child process started by .NET. Killing does not find descendants whose parent has ended.</summary>
internal sealed class PortableChild : IChildProcess
{
    private static readonly TimeSpan _killLimit = TimeSpan.FromSeconds(5);
    private readonly Process _process;
    private readonly TimeProvider _time;

    private PortableChild(Process process, TimeProvider time)
    {
        _process = process;
        _time = time;
        Exited = WaitAsync();
    }

    public Stream Input => _process.StandardInput.BaseStream;

    public Stream Output => _process.StandardOutput.BaseStream;

    public Stream Errors => _process.StandardError.BaseStream;

    public Task<int> Exited { get; }

    public static PortableChild Start(ChildCommand command, TimeProvider time)
    {
        var start = new ProcessStartInfo(command.Command[0], command.Command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in command.AllVariables())
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        try
        {
            process.Start();
            return new PortableChild(process, time);
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    public async Task<bool> KillAsync()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
            await Exited.WaitAsync(_killLimit, _time);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or AggregateException or SystemException)
        {
            return _process.HasExited;
        }
    }

    public void Dispose()
    {
        Input.Dispose();
        _process.Dispose();
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }
}
