using System.ComponentModel;
using System.IO.Pipes;

namespace Proxy.Hooks.Processes;

/// <summary>
/// A child in a session of its own, with its family marked. .NET's Process gives it neither before it runs, and does not find what has
/// lost its parent. The child stays a zombie until it is disposed: no other process can get its number while we may kill by it.
/// </summary>
internal sealed class LinuxChild : IChildProcess
{
    private const int StackBytes = 128 * 1024;
    private const string Mark = "PROXY_RUN";
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new(); // guards _disposed and _ended: the later of the two reaps
    private readonly int _id;
    private readonly ProcessFamily _family;
    private bool _disposed;
    private bool _ended;

    private LinuxChild(int id, ProcessFamily family, Stream input, Stream output, Stream errors)
    {
        (_id, _family, Input, Output, Errors) = (id, family, input, output, errors);
        // A thread depends on no signal that something else in the process may have taken.
        new Thread(Wait, StackBytes) { IsBackground = true, Name = "Hook process" }.Start();
    }

    public Stream Input { get; }

    public Stream Output { get; }

    public Stream Errors { get; }

    public Task<int> Exited => _exited.Task;

    /// <exception cref="Win32Exception">There is no such program, or it may not be run, or something it needs has run out.</exception>
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
