using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;

namespace Proxy.Channels.Membership;

/// <summary>The record that an instance publishes of itself, as one line of JSON.</summary>
internal static class HelloLine
{
    private static readonly JsonSerializerOptions _format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>The last line of an instance that leaves.</summary>
    public static byte[] Left { get; } = "{\"left\":true}\n"u8.ToArray();

    public static byte[] Write(MemberRecord self)
    {
        var line = new Line(
            self.Id,
            self.Epoch,
            self.Address,
            self.LocalAddress.ToString(),
            self.Role,
            self.Zone,
            self.State,
            [.. self.Connectors.Select(static part => new Part(part.Name, part.Serves, part.Duplex, PortRanges.Write(part.Ports)))],
            null
        );
        return [.. JsonSerializer.SerializeToUtf8Bytes(line, _format), (byte)'\n'];
    }

    /// <summary>Reads a line of an instance. The content is validated, since the peer may be any program.</summary>
    /// <param name="text">The line.</param>
    /// <param name="address">Where its tunnel was reached.</param>
    /// <param name="member">The record that the line holds; null if it is none.</param>
    /// <param name="left">Whether the line says that the instance leaves.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, string address, [NotNullWhen(true)] out MemberRecord? member, out bool left)
    {
        (member, left) = (null, false);
        try
        {
            var line = JsonSerializer.Deserialize<Line>(text, _format);
            left = line?.Left == true;
            member = line is not null && !left ? Check(line, address) : null;
            return member is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// Reads a record in which the address of the tunnel is what the instance says, as from a registry; null if it is malformed, or says that the instance
    /// has left.
    /// </summary>
    /// <param name="text">The record.</param>
    /// <param name="left">Whether it says that the instance has left.</param>
    public static MemberRecord? ReadWhole(ReadOnlySpan<byte> text, out bool left)
    {
        left = false;
        try
        {
            var line = text.Length <= ChannelLimits.MaxLine ? JsonSerializer.Deserialize<Line>(text, _format) : null;
            left = line?.Left == true;
            return line is { Address: { } address } && !left && HostAndPort.TryParse(address, out _) ? Check(line, address) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads a line that was saved on disk, which includes the address of the tunnel; null if it is malformed.</summary>
    public static MemberRecord? ReadKept(string text) =>
        ReadWhole(Encoding.UTF8.GetBytes(text), out _) is { } member ? member with { State = MemberState.Suspect } : null;

    private static MemberRecord? Check(Line line, string address) =>
        ChannelNames.IsValid(line.Instance)
        && ChannelNames.IsValid(line.Epoch)
        && IPAddress.TryParse(line.Ip, out var ip)
        && (LocalAddress.IsOfInstance(ip) || ip.Equals(IPAddress.Loopback))
        && line.State is MemberState.Up or MemberState.Draining
        && (line.Role?.Length ?? 0) <= ChannelLimits.MaxText
        && (line.Zone?.Length ?? 0) <= ChannelLimits.MaxText
        && line.Connectors is { Count: <= ChannelLimits.MaxConnectors } parts
        && parts.Select(Check).OfType<MemberConnector>().ToList() is var connectors
        && connectors.Count == parts.Count
            ? new MemberRecord(line.Instance!, line.Epoch!, address, IPAddress.Parse(line.Ip!))
            {
                Role = line.Role,
                Zone = line.Zone,
                State = line.State,
                Connectors = [.. connectors.OrderBy(static part => part.Name, StringComparer.Ordinal)],
            }
            : null;

    private static MemberConnector? Check(Part? part) =>
        part is not null && ChannelNames.IsValid(part.Name) && PortRanges.TryRead(part.Ports, out var ports)
            ? new MemberConnector(part.Name!, part.Serves, part.Duplex, ports)
            : null;

    private sealed record Part(string? Name, bool Serves, bool Duplex, string? Ports);

    private sealed record Line(
        string? Instance,
        string? Epoch,
        string? Address,
        string? Ip,
        string? Role,
        string? Zone,
        MemberState State,
        IReadOnlyList<Part>? Connectors,
        bool? Left
    );
}
