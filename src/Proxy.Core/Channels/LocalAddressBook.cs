using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;

namespace Proxy.Channels;

/// <summary>
/// Assigns addresses to Request channels and, in mode Port, local ports to members, and keeps them in a file. A name keeps its address or
/// port even while it is not configured. Keeps the number that this instance has claimed, too.
/// </summary>
internal sealed partial class LocalAddressBook
{
    private static readonly JsonSerializerOptions _format = new() { WriteIndented = true };
    private readonly string _path;
    private readonly ILogger _logger;
    private readonly State _state;
    private OwnState? _own;
    private bool _unsaved;
    private bool _failed;

    /// <summary>Opens the file. One that cannot be read is logged and replaced by an empty one.</summary>
    public LocalAddressBook(string path, ILogger logger)
    {
        _path = path;
        _logger = logger;
        _state = Load();
        _own = _state.Own;
    }

    /// <summary>Assigns a number to every name; new names get the lowest free number, in ordinal order of names.</summary>
    /// <exception cref="InvalidOperationException">All 65,535 numbers are assigned.</exception>
    public IReadOnlyDictionary<string, IPAddress> Requests(IEnumerable<string> names)
    {
        var wanted = names.Order(StringComparer.Ordinal).ToList();
        var missing = wanted.Where(name => !_state.Requests.ContainsKey(name)).ToList();
        var taken = _state.Requests.Values.ToHashSet();
        foreach (var name in missing)
        {
            var number = Enumerable.Range(1, LocalAddress.LastRequest).FirstOrDefault(number => !taken.Contains(number));
            if (number == 0)
            {
                throw new InvalidOperationException($"No address is left for the channel '{name}': 127.1.0.1 to 127.1.255.255 are taken.");
            }

            taken.Add(number);
            _state.Requests[name] = number;
        }

        Save(missing.Count > 0);
        return wanted.ToDictionary(
            static name => name,
            name => LocalAddress.OfRequest(_state.Requests[name]),
            StringComparer.OrdinalIgnoreCase
        );
    }

    /// <summary>The local port that was last assigned to a member's port in mode Port; 0 if there was none.</summary>
    public int Port(string member, int port) => _state.Ports.GetValueOrDefault($"{member}:{port}");

    /// <summary>Remembers the local port of a member's port.</summary>
    public void KeepPort(string member, int port, int local)
    {
        var key = $"{member}:{port}";
        var changed = _state.Ports.GetValueOrDefault(key) != local;
        _state.Ports[key] = local;
        Save(changed);
    }

    /// <summary>The number that an instance of a group has claimed; null if none is kept.</summary>
    public int? OwnNumber(string group, string instance) =>
        _own is { } own && own.Group == group && own.Instance == instance ? own.Number : null;

    /// <summary>Keeps the number that this instance has claimed.</summary>
    public void KeepOwnNumber(string group, string instance, int number)
    {
        var own = new OwnState(group, instance, number);
        var changed = _own != own;
        _own = own;
        Save(changed);
    }

    private State Load()
    {
        try
        {
            if (!File.Exists(_path))
            {
                return new State([], []);
            }

            var read = JsonSerializer.Deserialize<State>(File.ReadAllBytes(_path));
            return IsSound(read)
                ? new State(read!.Requests, read.Ports) { Own = read.Own }
                : throw new JsonException("it assigns an address twice, or one that cannot be assigned.");
        }
        catch (Exception exception) when (exception is IOException or JsonException or UnauthorizedAccessException)
        {
            Log.Unreadable(_logger, _path, exception.Message);
            return new State([], []);
        }
    }

    // A file that was edited by hand is accepted only if it assigns no address twice and none outside the range.
    private static bool IsSound(State? state) =>
        state is { Requests: not null, Ports: not null }
        && state.Requests.Values.All(static number => number is >= 1 and <= LocalAddress.LastRequest)
        && state.Requests.Values.Distinct().Count() == state.Requests.Count
        && state.Ports.Values.All(static port => port is >= 1 and <= IPEndPoint.MaxPort)
        && state.Own is null or { Group: not null, Instance: not null, Number: >= 0 and <= ChannelOrdinal.Max };

    // What could not be written is tried again at every call, also when nothing has changed since.
    private void Save(bool changed)
    {
        _unsaved |= changed;
        if (!_unsaved)
        {
            return;
        }

        try
        {
            var next = $"{_path}.new";
            File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(_state with { Own = _own }, _format));
            File.Move(next, _path, overwrite: true);
            _unsaved = false;
            if (_failed)
            {
                Log.Written(_logger, _path);
            }

            _failed = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_failed)
            {
                Log.Unwritable(_logger, _path, exception.Message);
            }

            _failed = true;
        }
    }

    private sealed record State(Dictionary<string, int> Requests, Dictionary<string, int> Ports)
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public OwnState? Own { get; init; }
    }

    private sealed record OwnState(string Group, string Instance, int Number);

    private static partial class Log
    {
        [LoggerMessage(
            LogLevel.Warning,
            "{Path} cannot be read, so local addresses are assigned anew and may differ from those before: {Reason}"
        )]
        public static partial void Unreadable(ILogger logger, string path, string reason);

        [LoggerMessage(LogLevel.Information, "{Path} can be written again, and is.")]
        public static partial void Written(ILogger logger, string path);

        [LoggerMessage(LogLevel.Warning, "{Path} cannot be written, so local addresses may differ after a restart: {Reason}")]
        public static partial void Unwritable(ILogger logger, string path, string reason);
    }
}
