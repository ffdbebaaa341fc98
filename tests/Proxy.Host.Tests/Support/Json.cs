namespace Proxy.Host.Tests.Support;

/// <summary>Builds small configuration documents.</summary>
internal static class Json
{
    /// <summary>A document with routes to the cluster c, whose destinations listen on the given ports.</summary>
    public static string Routes(string routes, params int[] ports) =>
        $$"""
            { "ReverseProxy": {
                "TcpRoutes": { {{routes}} },
                "Clusters": { "c": {{Cluster(ports)}} } } }
            """;

    public static string Cluster(params int[] ports) =>
        $$"""
            { "LoadBalancingPolicy": "FirstAlphabetical", "Destinations": {
              {{string.Join(',', ports.Select(static (port, i) => $"\"d{i}\": {{ \"Address\": \"tcp://127.0.0.1:{port}\" }}"))}} } }
            """;

    /// <summary>A route on a port that the kernel chooses. Routes in one file need different addresses.</summary>
    public static string Route(string id, string more = "", string address = "127.0.0.1") =>
        $$"""
            "{{id}}": { "Listen": "{{address}}:0", "ClusterId": "c"{{(more.Length > 0 ? ", " + more : "")}} }
            """;
}
