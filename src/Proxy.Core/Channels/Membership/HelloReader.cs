using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Proxy.Channels.Tunnel;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;

namespace Proxy.Channels.Membership;

/// <summary>Reads the hello stream of an instance, on which it publishes its record.</summary>
internal sealed class HelloReader(TunnelConnectionFactory tunnels, TimeProvider time)
{
    private static readonly TimeSpan _firstLine = TimeSpan.FromSeconds(5);

    /// <summary>The records of an instance until its stream ends; null for the line that says that it leaves.</summary>
    /// <exception cref="InvalidDataException">A line is malformed, or of another instance.</exception>
    /// <exception cref="HttpRequestException">The instance could not be reached, or did not prove its identity.</exception>
    /// <exception cref="IOException">The connection was lost.</exception>
    /// <exception cref="TimeoutException">The instance did not answer in time.</exception>
    public async IAsyncEnumerable<MemberRecord?> ReadAsync(
        TunnelEndPoint peer,
        string address,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var stream = await tunnels.HelloAsync(peer, cancellationToken);
        var reader = PipeReader.Create(stream);
        // Only the first line has a deadline: an instance without changes sends nothing, and HTTP/2 pings detect one that is gone.
        var first = ReadLineAsync(reader, cancellationToken).AsTask();
        var line = await first.WaitAsync(_firstLine, time, cancellationToken);
        while (line is not null)
        {
            if (!HelloLine.TryRead(line, address, out var member, out var left) && !left)
            {
                throw new InvalidDataException("its hello line is malformed");
            }

            if (member is not null && !tunnels.IsProven(peer, member.Id))
            {
                throw new InvalidDataException("its hello line names another instance than its certificate");
            }

            yield return member;
            line = await ReadLineAsync(reader, cancellationToken);
        }
    }

    /// <summary>Queries a member once for its present record.</summary>
    /// <returns>The record; null when the member does not answer.</returns>
    public Task<MemberRecord?> AskAsync(MemberRecord member, CancellationToken cancellationToken) =>
        HostAndPort.TryParse(member.Address, out var address)
            ? AskAsync(new TunnelEndPoint(member.Id, address, ""), member.Address, cancellationToken)
            : Task.FromResult<MemberRecord?>(null);

    /// <summary>Queries an instance once for its present record.</summary>
    /// <returns>The record; null when the instance does not answer.</returns>
    public async Task<MemberRecord?> AskAsync(TunnelEndPoint peer, string address, CancellationToken cancellationToken)
    {
        try
        {
            await using var words = ReadAsync(peer, address, cancellationToken).GetAsyncEnumerator(cancellationToken);
            return await words.MoveNextAsync() ? words.Current : null;
        }
        catch (Exception exception) when (IsAway(exception))
        {
            return null;
        }
    }

    /// <summary>Whether an exception means that the instance did not answer.</summary>
    public static bool IsAway(Exception exception) =>
        exception
            is HttpRequestException
                or IOException
                or TimeoutException
                or OperationCanceledException
                or InvalidOperationException
                or InvalidDataException;

    private static async ValueTask<byte[]?> ReadLineAsync(PipeReader reader, CancellationToken cancellationToken)
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

            if (read.Buffer.Length > ChannelLimits.MaxLine)
            {
                throw new InvalidDataException($"its hello line is longer than {ChannelLimits.MaxLine} bytes");
            }

            if (read.IsCompleted)
            {
                return null;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
