using System.Buffers;
using System.IO.Pipelines;
using Proxy.Channels.Tunnel;
using Proxy.Configuration;

namespace Proxy.Channels.Membership;

/// <summary>Keeps asking one instance who it is, and reports every answer, its silence and its end.</summary>
internal sealed class HelloWatch(
    string id,
    ChannelMemberConfig config,
    TunnelConnectionFactory tunnels,
    TimeProvider time,
    Action<string, MemberRecord?> report
) : IAsyncDisposable
{
    /// <summary>How long nothing may be heard of a member before it is gone.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _ending = new();
    private Task _running = Task.CompletedTask;
    private MemberRecord? _last;
    private long _heard;

    public ChannelMemberConfig Config => config;

    public void Start() => _running = RunAsync(_ending.Token);

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
        _ending.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        var pause = _firstPause;
        while (!cancellationToken.IsCancellationRequested)
        {
            // One that was up is asked again at once: its connection may be all that was lost.
            pause =
                await ListenAsync(cancellationToken) ? _firstPause
                : pause * 2 < _longestPause ? pause * 2
                : _longestPause;
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }

            Doubt();
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reads one stream to its end; whether the member had answered.</summary>
    private async Task<bool> ListenAsync(CancellationToken cancellationToken)
    {
        var answered = false;
        try
        {
            _ = HostAndPort.TryParse(config.Address, out var address);
            await using var stream = await tunnels.HelloAsync(new TunnelEndPoint(id, address!, ""), cancellationToken);
            var reader = PipeReader.Create(stream);
            while (await ReadLineAsync(reader, cancellationToken) is { } line)
            {
                if (
                    HelloLine.TryRead(line, config.Address, out var member, out var left)
                    && member.Id.Equals(id, StringComparison.OrdinalIgnoreCase)
                )
                {
                    answered = true;
                    Report(Limit(member));
                }
                else if (left)
                {
                    Report(null);
                }
                else
                {
                    return answered; // it speaks of somebody else, or nonsense
                }
            }
        }
        catch (Exception exception)
            when (exception
                    is HttpRequestException
                        or IOException
                        or TimeoutException
                        or OperationCanceledException
                        or InvalidOperationException
            )
        {
            // It is away; how long decides what becomes of it.
        }

        return answered;
    }

    // The configuration may allow it less than it offers.
    private MemberRecord Limit(MemberRecord member) =>
        config.Connectors is { } allowed
            ? member with
            {
                Connectors = [.. member.Connectors.Where(part => allowed.Contains(part.Name, StringComparer.OrdinalIgnoreCase))],
            }
            : member;

    private void Doubt()
    {
        if (_last is not { } last)
        {
            return;
        }

        if (time.GetElapsedTime(_heard) >= Lease)
        {
            Report(null);
        }
        else if (last.State != MemberState.Suspect)
        {
            _last = last with { State = MemberState.Suspect };
            report(id, _last);
        }
    }

    private void Report(MemberRecord? member)
    {
        _heard = time.GetTimestamp();
        _last = member;
        report(id, member);
    }

    private static async Task<byte[]?> ReadLineAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = read.Buffer.Slice(0, end).ToArray();
                reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }

            if (read.IsCompleted || read.Buffer.Length > HelloLine.MaxLength)
            {
                return null;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
