using System.ComponentModel;
using System.IO.Pipes;

namespace Proxy.Hooks.Processes;

/// <summary>
/// A child process in a session of its own, with a mark in its environment by which its descendants are found. .NET's Process can set
/// neither before the program runs, and does not find descendants whose parent has ended. The child stays a zombie until it is disposed, so
/// that no other process gets its id while this one may kill by id.
/// </summary>
internal sealed class LinuxChild : IChildProcess
{
    private const int StackBytes = 128 * 1024;
    private const string Mark = "PROXY_RUN";
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new(); // guards _disposed and _ended: whichever comes second reaps the child
    private readonly int _id;
    private readonly ProcessFamily _family;
    private bool _disposed;
    private bool _ended;

    private LinuxChild(int id, ProcessFamily family, Stream input, Stream output, Stream errors)
    {
        (_id, _family, Input, Output, Errors) = (id, family, input, output, errors);
        // A thread of its own, since a signal handler could be replaced by other code of the process.
        new Thread(Wait, StackBytes) { IsBackground = true, Name = "Hook process" }.Start();
    }

    public Stream Input { get; }

    public Stream Output { get; }

    public Stream Errors { get; }

    public Task<int> Exited => _exited.Task;

    /// <exception cref="Win32Exception">The program does not exist or may not be executed, or a resource has run out.</exception>
    public static LinuxChild Start(ChildCommand command, TimeProvider time)
    {
        using var input = Pipe.Open(PipeDirection.Out);
        using var output = Pipe.Open(PipeDirection.In);
        using var errors = Pipe.Open(PipeDirection.In);
        var mark = Guid.NewGuid().ToString("N");
        var environment = new Dictionary<string, string>(command.Environment) { [Mark] = mark };
        var id = Spawner.Start(command with { Environment = environment }, input.Theirs, output.Theirs, errors.Theirs);
        return new(id, new ProcessFamily(id, $"{Mark}={mark}", time), input.Take(), output.Take(), errors.Take());
    }

    public Task<bool> KillAsync() => _family.KillAsync();

    public void Dispose()
    {
        Input.Dispose();
        lock (_gate)
        {
            if (!_disposed && _ended)
            {
                Spawner.Reap(_id);
            }

            _disposed = true;
        }
    }

    private void Wait()
    {
        var exitCode = Spawner.WaitForEnd(_id);
        lock (_gate)
        {
            _ended = true;
            if (_disposed)
            {
                Spawner.Reap(_id);
            }
        }

        _exited.TrySetResult(exitCode);
    }
}
