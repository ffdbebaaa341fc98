namespace Proxy.Host.Cli.Init;

/// <summary>All questions of <c>proxy init</c>.</summary>
internal static class Questions
{
    public const string Forward = "forward";
    public const string Lock = "lock";
    public const string Multiplex = "multiplex";
    public const string Http = "http";
    public const string Channels = "channels";

    public static Question Kind { get; } =
        new("kind", "What should the proxy do?", Forward)
        {
            Choices =
            [
                (Forward, "pass TCP connections on to one or several servers"),
                (Lock, "let clients use a service one after the other; the others wait in a queue"),
                (Multiplex, "share one connection to a device among many clients"),
                (Http, "pass HTTP requests on to one or several servers"),
                (Channels, "connect programs on several machines through encrypted tunnels"),
            ],
        };

    public static Question Device { get; } =
        new("device", "Which kind of device is it?", "modbus-tcp")
        {
            Choices = [.. DeviceKind.All.Select(static kind => (kind.Word, kind.Meaning))],
        };

    public static Question To { get; } = new("to", "Where is it? (host:port; several servers with commas between)", "192.0.2.10:502");

    public static Question ToHttp { get; } =
        new("to", "Where are the servers? (URLs such as http://10.0.0.5:8080, with commas between)", "http://192.0.2.10:8080");

    public static Question Listen { get; } =
        new("listen", "Where should clients connect? (address:port; * for all addresses of this machine)", "127.0.0.1:11000")
        {
            Default = static answers =>
                answers[Kind] switch
                {
                    Lock => "*:9000",
                    Multiplex => DeviceKind.Find(answers[Device])?.Listen,
                    Http => "http://*:8080",
                    _ => "127.0.0.1:11000",
                },
        };

    public static Question MaxHold { get; } =
        new("max-hold", "How long may one client use the service while others wait? (hh:mm:ss, or none)", "00:05:00")
        {
            Default = static _ => "00:05:00",
        };

    public static Question Instance { get; } =
        new("instance", "The id of this instance among the others? (it ends with a number, such as plant_1)", "plant_1");

    public static Question Members { get; } =
        new(
            "members",
            "All instances with the addresses of their tunnels? (plant_1=host:port,plant_2=host:port)",
            "plant_1=192.0.2.1:15000,plant_2=192.0.2.2:15000"
        );

    public static Question Role { get; } =
        new("role", "What does the program on this machine do?", "client")
        {
            Choices =
            [
                ("client", "it connects to a service on other machines"),
                ("server", "it is the service"),
                ("both", "every instance is both"),
            ],
        };

    public static Question Port { get; } = new("port", "The TCP port of the service?", "9200");

    public static Question Name { get; } =
        new("name", "The id of the route, cluster or channel?", "service")
        {
            Default = static answers =>
                answers[Kind] switch
                {
                    Multiplex => "device",
                    Http => "web",
                    _ => "service",
                },
            IsAsked = false,
        };

    public static Question Admin { get; } =
        new("admin", "Where should health, metrics and the dashboard be? (a URL on this machine, or none)", "http://127.0.0.1:9099")
        {
            Default = static _ => "http://127.0.0.1:9099",
        };

    /// <summary>The questions that a kind of configuration needs, in the order in which they are asked.</summary>
    public static IReadOnlyList<Question> For(string kind) =>
        kind switch
        {
            Lock => [Name, To, Listen, MaxHold, Admin],
            Multiplex => [Name, Device, To, Listen, Admin],
            Http => [Name, ToHttp, Listen, Admin],
            Channels => [Name, Instance, Members, Role, Port, Admin],
            _ => [Name, To, Listen, Admin],
        };

    /// <summary>One question for each name, for the options of the command.</summary>
    public static IReadOnlyList<Question> All { get; } = [Kind, Device, To, Listen, MaxHold, Instance, Members, Role, Port, Name, Admin];
}
